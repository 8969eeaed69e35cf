"""Reproductions of what SoftHSM does against its standard: each a script that needs python-pkcs11.

PKCS11_MODULE, PKCS11_TOKEN and PKCS11_PIN in the environment say where; SOFTHSM2_CONF as ever. A
script prints what it saw. It ends with status 0 where the module still does so and 1 where it does
not; with 2 and the reason where that cannot be tried, or the answer is neither of both.
"""
