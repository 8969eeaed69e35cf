"""C_WrapKey with CKM_AES_KEY_WRAP_PAD loses the length of the key."""

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
            Attribute.VALUE: bytes(20),
        }
    )
    value = key.wrap_key(wrapped_key, mechanism=Mechanism.AES_KEY_WRAP_PAD)
    # RFC 5649 of 20 zero bytes under this key, by two other libraries.
    right = bytes.fromhex("3dda8be00a1bf32a7c508a5e26716f00d106a958614c3e5e89818a35a29fe8f7")
    back = key.unwrap_key(
        ObjectClass.SECRET_KEY,
        KeyType.GENERIC_SECRET,
        value,
        mechanism=Mechanism.AES_KEY_WRAP_PAD,
        template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True},
    )
    length = len(back[Attribute.VALUE])
    print(f"20 bytes come back as {length}; wrapped as RFC 5649 has it: {value == right}")
    sys.exit(value == right or length == 20)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
