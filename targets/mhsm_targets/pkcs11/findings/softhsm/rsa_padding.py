"""C_Decrypt answers a wrong RSA padding with CKR_GENERAL_ERROR."""

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
    public, private = session.generate_keypair(KeyType.RSA, 2048)
    value = public.encrypt(b"\0" + bytes(255), mechanism=Mechanism.RSA_X_509)
    try:
        private.decrypt(value, mechanism=Mechanism.RSA_PKCS)
        print("decrypted")
        sys.exit(1)
    except PKCS11Error as error:
        print(f"C_Decrypt answers {type(error).__name__}")
        sys.exit(type(error).__name__ == "EncryptedDataInvalid")


main()
