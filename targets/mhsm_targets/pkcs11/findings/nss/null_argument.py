"""C_Initialize refuses a null argument, which the standard has for callers without threads."""

import os
import sys

import pkcs11
from pkcs11.exceptions import ArgumentsBad


def main() -> None:
    """Show it."""
    try:
        # It calls C_Initialize with a null argument.
        pkcs11.lib(os.environ["PKCS11_MODULE"])
    except ArgumentsBad:
        print("C_Initialize(NULL_PTR): CKR_ARGUMENTS_BAD")
        return
    print("C_Initialize(NULL_PTR): CKR_OK")
    sys.exit(1)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
