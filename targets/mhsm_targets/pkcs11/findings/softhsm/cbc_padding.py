"""C_Decrypt answers a wrong CBC padding with CKR_GENERAL_ERROR."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import EncryptedDataInvalid, GeneralError


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
    # Two whole blocks without a padding.
    value = key.encrypt(bytes(32), mechanism=Mechanism.AES_CBC, mechanism_param=bytes(16))
    try:
        key.decrypt(value, mechanism=Mechanism.AES_CBC_PAD, mechanism_param=bytes(16))
    except GeneralError:
        print("C_Decrypt answers CKR_GENERAL_ERROR")
        return
    except EncryptedDataInvalid:
        print("C_Decrypt answers CKR_ENCRYPTED_DATA_INVALID")
    else:
        print("decrypted")
    sys.exit(1)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
