"""C_SignInit takes no HMAC key that is shorter than the hash."""

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
            Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
            Attribute.VALUE: bytes(32),
            Attribute.SIGN: True,
        }
    )
    try:
        key.sign(b"text", mechanism=Mechanism.SHA512_HMAC)
    except KeySizeRange:
        print("C_SignInit answers CKR_KEY_SIZE_RANGE to a key of 32 bytes and SHA-512")
        return
    else:
        print("signed")
    sys.exit(1)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
