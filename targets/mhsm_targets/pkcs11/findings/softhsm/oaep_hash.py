"""C_EncryptInit refuses CKM_RSA_PKCS_OAEP with SHA-256."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import MGF, KeyType, Mechanism
from pkcs11.exceptions import ArgumentsBad


def main() -> None:
    """Show it."""
    module = pkcs11.lib(os.environ["PKCS11_MODULE"])
    token = module.get_token(token_label=os.environ["PKCS11_TOKEN"])
    session: Any = token.open(rw=True, user_pin=os.environ["PKCS11_PIN"])
    public, _ = session.generate_keypair(KeyType.RSA, 2048)
    parameter = (Mechanism.SHA256, MGF.SHA256, None)
    try:
        public.encrypt(b"x", mechanism=Mechanism.RSA_PKCS_OAEP, mechanism_param=parameter)
    except ArgumentsBad:
        print("C_EncryptInit answers CKR_ARGUMENTS_BAD")
        return
    else:
        print("encrypted")
    sys.exit(1)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
