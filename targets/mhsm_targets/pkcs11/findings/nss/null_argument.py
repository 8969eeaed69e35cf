"""C_Initialize refuses a null argument, which the standard has for callers without threads."""

import os
import sys

import pkcs11
from pkcs11.exceptions import ArgumentsBad, PKCS11Error


def main() -> None:
    """Show it."""
    try:
        # It calls C_Initialize with a null argument.
        pkcs11.lib(os.environ["PKCS11_MODULE"])
    except PKCS11Error as error:
        print(f"C_Initialize(NULL_PTR): {type(error).__name__}")
        sys.exit(not isinstance(error, ArgumentsBad))
    print("C_Initialize(NULL_PTR): CKR_OK")
    sys.exit(1)


main()
