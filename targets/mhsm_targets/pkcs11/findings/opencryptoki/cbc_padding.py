"""C_Decrypt with CKM_AES_CBC_PAD takes off whatever number of bytes the last byte says."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import EncryptedDataInvalid


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
    told: list[str] = []
    for last in (0, 17, 255):
        blocks = bytes(31) + bytes([last])
        value = key.encrypt(blocks, mechanism=Mechanism.AES_CBC, mechanism_param=bytes(16))
        try:
            back = key.decrypt(value, mechanism=Mechanism.AES_CBC_PAD, mechanism_param=bytes(16))
            told.append(f"a last byte of {last} gives {len(back)} of 32 bytes")
        except EncryptedDataInvalid:
            told.append(f"a last byte of {last} gives CKR_ENCRYPTED_DATA_INVALID")
    print("; ".join(told))
    sys.exit(not any("bytes" in one for one in told))


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
