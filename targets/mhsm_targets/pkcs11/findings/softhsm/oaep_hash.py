"""C_EncryptInit refuses CKM_RSA_PKCS_OAEP with SHA-256."""

import os
import sys
from typing import Any

import pkcs11
from pkcs11 import MGF, KeyType, Mechanism
from pkcs11.exceptions import PKCS11Error


def main() -> None:
    """Show it."""
    module = pkcs11.lib(os.environ["PKCS11_MODULE"])
    token = module.get_token(token_label=os.environ["PKCS11_TOKEN"])
    session: Any = token.open(rw=True, user_pin=os.environ["PKCS11_PIN"])
    public, _ = session.generate_keypair(KeyType.RSA, 2048)
    parameter = (Mechanism.SHA256, MGF.SHA256, None)
    try:
        public.encrypt(b"x", mechanism=Mechanism.RSA_PKCS_OAEP, mechanism_param=parameter)
        print("encrypted")
        sys.exit(1)
    except PKCS11Error as error:
        print(f"C_EncryptInit answers {type(error).__name__}")


main()
