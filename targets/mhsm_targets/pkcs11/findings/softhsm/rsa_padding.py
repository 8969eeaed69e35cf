"""C_Decrypt answers a wrong RSA padding with CKR_GENERAL_ERROR."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import KeyType, Mechanism
from pkcs11.exceptions import EncryptedDataInvalid, GeneralError


def main() -> None:
    """Show it."""
    module = pkcs11.lib(os.environ["PKCS11_MODULE"])
    token = module.get_token(token_label=os.environ["PKCS11_TOKEN"])
    session: Any = token.open(rw=True, user_pin=os.environ["PKCS11_PIN"])
    public, private = session.generate_keypair(KeyType.RSA, 2048)
    value = public.encrypt(b"\0" + bytes(255), mechanism=Mechanism.RSA_X_509)
    try:
        private.decrypt(value, mechanism=Mechanism.RSA_PKCS)
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
