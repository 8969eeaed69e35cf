"""C_Decrypt answers a wrong GCM tag with CKR_GENERAL_ERROR."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass
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
    parameter = GCMParams(bytes(12), b"", 128)
    value = key.encrypt(b"text", mechanism=Mechanism.AES_GCM, mechanism_param=parameter)
    altered = value[:-1] + bytes([value[-1] ^ 1])
    try:
        key.decrypt(altered, mechanism=Mechanism.AES_GCM, mechanism_param=parameter)
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
