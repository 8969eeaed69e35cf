"""What is known of a PKCS#11 module beyond its standard, as its profile tells it.

Nothing else in this package asks which module it works with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pkcs11 import Mechanism

__all__ = ["ModuleFacts", "module_facts"]

_STANDARD_BAD_VALUE: Final = (
    "DataInvalid",
    "DataLenRange",
    "EncryptedDataInvalid",
    "EncryptedDataLenRange",
    "WrappedKeyInvalid",
    "WrappedKeyLenRange",
)
"""How the standard has a module say that a ciphertext or a wrapped key is wrong."""


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """One module: where it is, by which mechanisms it wraps, and what it cannot do.

    `opens_none` is the reason why no
    instance can be opened. `copies_across` is whether a
    session object can be copied to a token object, `fills_hmac_keys` whether HMAC keys shorter than
    the hash must be filled with zero bytes, `derives_keys` whether the token derives keys by
    CKM_AES_ECB_ENCRYPT_DATA. `bad_value` are the errors (names of python-pkcs11) that mean a wrong
    value and not a broken token. `outside` maps algorithms that are computed partly outside the
    token to the reason, `lacks` those that are refused, `lacks_keys` the kinds of keys that are:
    `EC-HSM P-256K`, or `EC-HSM` for all of a type.
    """

    opens_none: str | None = None
    wraps_secret_keys_by: Mechanism = Mechanism.AES_KEY_WRAP
    wraps_private_keys_by: Mechanism = Mechanism.AES_KEY_WRAP_PAD
    copies_across: bool = True
    fills_hmac_keys: bool = False
    bad_value: frozenset[str] = frozenset(_STANDARD_BAD_VALUE)
    derives_keys: bool = True
    outside: Mapping[str, str] = field(default_factory=dict[str, str])
    lacks: Mapping[str, str] = field(default_factory=dict[str, str])
    lacks_keys: Mapping[str, str] = field(default_factory=dict[str, str])


def module_facts(told: Mapping[str, Any]) -> ModuleFacts:
    """The facts in such a table."""
    return ModuleFacts(
        opens_none=told.get("opens_none"),
        wraps_secret_keys_by=Mechanism[told.get("wraps_secret_keys_by", "AES_KEY_WRAP")],
        wraps_private_keys_by=Mechanism[told.get("wraps_private_keys_by", "AES_KEY_WRAP_PAD")],
        copies_across=told.get("copies_across", True),
        fills_hmac_keys=told.get("fills_hmac_keys", False),
        bad_value=frozenset((*_STANDARD_BAD_VALUE, *told.get("bad_value", ()))),
        derives_keys=told.get("derives_keys", True),
        outside=dict(told.get("outside", {})),
        lacks=dict(told.get("lacks", {})),
        lacks_keys=dict(told.get("lacks_keys", {})),
    )
