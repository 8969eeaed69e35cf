"""C_WrapKey with CKM_AES_KEY_WRAP takes a key of 20 bytes."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import KeySizeRange


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
    wrapped_key = session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
            Attribute.SENSITIVE: False,
            Attribute.EXTRACTABLE: True,
            Attribute.VALUE: bytes(20),
        }
    )
    try:
        value = key.wrap_key(wrapped_key, mechanism=Mechanism.AES_KEY_WRAP)
    except KeySizeRange:
        print("C_WrapKey answers CKR_KEY_SIZE_RANGE")
        sys.exit(1)
    print(f"a key of 20 bytes was wrapped to {len(value)} bytes, as if it had 24")
    sys.exit(len(value) != 32)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
