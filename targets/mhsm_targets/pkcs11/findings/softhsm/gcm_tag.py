"""C_Decrypt answers a wrong GCM tag with CKR_GENERAL_ERROR."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PKCS11Error


def main() -> None:
    """Show it."""
    module = pkcs11.lib(os.environ["PKCS11_MODULE"])
    token = module.get_token(token_label=os.environ["PKCS11_TOKEN"])
    session: Any = token.open(rw=True, user_pin=os.environ["PKCS11_PIN"])
    key = session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.VALUE: bytes(range(32)),
            Attribute.ENCRYPT: True,
            Attribute.DECRYPT: True,
        }
    )
    parameter = GCMParams(bytes(12), b"", 128)
    value = key.encrypt(b"text", mechanism=Mechanism.AES_GCM, mechanism_param=parameter)
    altered = value[:-1] + bytes([value[-1] ^ 1])
    try:
        key.decrypt(altered, mechanism=Mechanism.AES_GCM, mechanism_param=parameter)
        print("decrypted")
        sys.exit(1)
    except PKCS11Error as error:
        print(f"C_Decrypt answers {type(error).__name__}")
        sys.exit(type(error).__name__ == "EncryptedDataInvalid")


main()
