"""The length that C_Encrypt tells for CKM_AES_GCM is that of the plaintext, without the tag."""

import ctypes
import os
import sys
from ctypes import byref, c_char_p, c_ubyte, c_ulong, c_void_p

# Places in CK_FUNCTION_LIST, after the version of the standard.
INITIALIZE, GET_SLOT_LIST, OPEN_SESSION, CREATE_OBJECT = 1, 5, 13, 21
ENCRYPT_INIT, ENCRYPT = 30, 31
SERIAL_SESSION, AES_GCM, BUFFER_TOO_SMALL = 4, 0x1087, 0x150


class Arguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS as NSS has it, with the parameters of the library."""

    _fields_ = (
        ("functions", c_void_p * 4),
        ("flags", c_ulong),
        ("parameters", c_char_p),
        ("reserved", c_void_p),
    )


class Attribute(ctypes.Structure):
    """CK_ATTRIBUTE."""

    _fields_ = (("type", c_ulong), ("value", c_char_p), ("length", c_ulong))


class Gcm(ctypes.Structure):
    """CK_GCM_PARAMS."""

    _fields_ = (
        ("iv", c_char_p),
        ("iv_bytes", c_ulong),
        ("iv_bits", c_ulong),
        ("aad", c_char_p),
        ("aad_bytes", c_ulong),
        ("tag_bits", c_ulong),
    )


class Mechanism(ctypes.Structure):
    """CK_MECHANISM."""

    _fields_ = (("type", c_ulong), ("parameter", c_void_p), ("length", c_ulong))


functions = ctypes.POINTER(c_void_p)()


def called(place: int, *arguments: object) -> int:
    """What the function at the place of the list answers."""
    result: int = ctypes.CFUNCTYPE(c_ulong)(functions[place] or 0)(*arguments)
    return result


def succeeded(place: int, *arguments: object) -> None:
    """Call the function; raises RuntimeError unless it answers CKR_OK."""
    result = called(place, *arguments)
    if result != 0:
        raise RuntimeError(f"function {place} of CK_FUNCTION_LIST answers {result:#x}")


def attribute(kind: int, value: bytes) -> Attribute:
    """An attribute with its value."""
    return Attribute(kind, value, len(value))


def main() -> None:
    """Show it."""
    ctypes.CDLL(os.environ["PKCS11_MODULE"]).C_GetFunctionList(byref(functions))
    parameters = b"configdir='' certPrefix='' keyPrefix='' secmod='' flags=noCertDB,noModDB"
    succeeded(INITIALIZE, byref(Arguments(flags=2, parameters=parameters)))
    slots, count, session, key = (c_ulong * 8)(), c_ulong(8), c_ulong(), c_ulong()
    succeeded(GET_SLOT_LIST, c_ubyte(1), slots, byref(count))
    succeeded(OPEN_SESSION, c_ulong(slots[0]), c_ulong(SERIAL_SESSION), None, None, byref(session))
    secret_key, aes = (number.to_bytes(ctypes.sizeof(c_ulong), sys.byteorder) for number in (4, 31))
    template = (Attribute * 4)(
        attribute(0x0, secret_key),
        attribute(0x100, aes),
        attribute(0x11, bytes(range(1, 33))),
        attribute(0x104, b"\1"),
    )
    succeeded(CREATE_OBJECT, session, template, c_ulong(len(template)), byref(key))
    gcm = Gcm(b"0123456789ab", 12, 96, None, 0, 128)
    mechanism = Mechanism(AES_GCM, ctypes.addressof(gcm), ctypes.sizeof(gcm))
    succeeded(ENCRYPT_INIT, session, byref(mechanism), key)
    told = c_ulong()
    succeeded(ENCRYPT, session, b"p" * 16, c_ulong(16), None, byref(told))
    room = c_ulong(told.value)
    result = called(ENCRYPT, session, b"p" * 16, c_ulong(16), (c_ubyte * 64)(), byref(room))
    print(f"C_Encrypt of 16 bytes tells {told.value}, then {result:#x}")
    sys.exit(told.value != 16 or result != BUFFER_TOO_SMALL)


try:
    main()
except Exception as error:
    print(f"cannot be tried: {type(error).__name__} {error}".strip())
    sys.exit(2)
