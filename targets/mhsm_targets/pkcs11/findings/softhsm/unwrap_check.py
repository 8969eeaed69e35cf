"""C_UnwrapKey answers an altered value with CKR_GENERAL_ERROR."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
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
            Attribute.WRAP: True,
            Attribute.UNWRAP: True,
        }
    )
    try:
        key.unwrap_key(
            ObjectClass.SECRET_KEY,
            KeyType.GENERIC_SECRET,
            bytes(24),
            mechanism=Mechanism.AES_KEY_WRAP,
        )
        print("unwrapped")
        sys.exit(1)
    except PKCS11Error as error:
        print(f"C_UnwrapKey answers {type(error).__name__}")
        sys.exit(type(error).__name__ == "WrappedKeyInvalid")


main()
