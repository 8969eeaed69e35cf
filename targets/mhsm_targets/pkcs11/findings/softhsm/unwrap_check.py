"""C_UnwrapKey answers an altered value with CKR_GENERAL_ERROR."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import GeneralError, WrappedKeyInvalid


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
    except GeneralError:
        print("C_UnwrapKey answers CKR_GENERAL_ERROR")
        return
    except WrappedKeyInvalid:
        print("C_UnwrapKey answers CKR_WRAPPED_KEY_INVALID")
    else:
        print("unwrapped")
    sys.exit(1)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
