"""C_Sign answers a value that is too long with CKR_GENERAL_ERROR."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import KeyType, Mechanism
from pkcs11.exceptions import DataLenRange, GeneralError


def main() -> None:
    """Show it."""
    module = pkcs11.lib(os.environ["PKCS11_MODULE"])
    token = module.get_token(token_label=os.environ["PKCS11_TOKEN"])
    session: Any = token.open(rw=True, user_pin=os.environ["PKCS11_PIN"])
    _, private = session.generate_keypair(KeyType.RSA, 2048)
    try:
        private.sign(bytes(246), mechanism=Mechanism.RSA_PKCS)
    except GeneralError:
        print("C_Sign answers CKR_GENERAL_ERROR")
        return
    except DataLenRange:
        print("C_Sign answers CKR_DATA_LEN_RANGE")
    else:
        print("signed")
    sys.exit(1)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
