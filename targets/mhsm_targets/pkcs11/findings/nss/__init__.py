"""Scripts that show what NSS softokn does against PKCS #11.

Each needs python-pkcs11 and the module that PKCS11_MODULE names. They end as those of SoftHSM: see
there.
"""
