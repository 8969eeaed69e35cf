"""C_UnwrapKey makes a secret key whose CKA_VALUE_LEN is 0."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass


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
            Attribute.VALUE: bytes(24),
        }
    )
    value = key.wrap_key(wrapped_key, mechanism=Mechanism.AES_KEY_WRAP)
    back = key.unwrap_key(
        ObjectClass.SECRET_KEY,
        KeyType.GENERIC_SECRET,
        value,
        mechanism=Mechanism.AES_KEY_WRAP,
        template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True},
    )
    told, held = back[Attribute.VALUE_LEN], len(back[Attribute.VALUE])
    print(f"CKA_VALUE_LEN is {told}, CKA_VALUE has {held} bytes")
    sys.exit(told == held)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
