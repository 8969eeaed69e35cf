"""C_Sign answers a value that is too long with CKR_GENERAL_ERROR."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import KeyType, Mechanism
from pkcs11.exceptions import PKCS11Error


def main() -> None:
    """Show it."""
    module = pkcs11.lib(os.environ["PKCS11_MODULE"])
    token = module.get_token(token_label=os.environ["PKCS11_TOKEN"])
    session: Any = token.open(rw=True, user_pin=os.environ["PKCS11_PIN"])
    _, private = session.generate_keypair(KeyType.RSA, 2048)
    try:
        private.sign(bytes(246), mechanism=Mechanism.RSA_PKCS)
        print("signed")
        sys.exit(1)
    except PKCS11Error as error:
        print(f"C_Sign answers {type(error).__name__}")
        sys.exit(type(error).__name__ == "DataLenRange")


main()
