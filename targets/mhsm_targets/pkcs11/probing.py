"""What a module can do, tried on its token with session objects, where no profile tells its facts.

Nothing is left on the token. Of the mechanisms that only some modules have, those are tried of
which a list says too little; the others count as there where they are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from pkcs11 import MGF, Attribute, GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PKCS11Error

from mhsm_model.tables.key_types import Family
from mhsm_targets.pkcs11.objects import CLOSED, EC_PARAMETERS, OPEN, PASSING, USES
from mhsm_targets.pkcs11.token import Handle, Token

__all__ = ["probed_facts"]

_SECRET_WRAPS: Final = (
    Mechanism.AES_KEY_WRAP,
    Mechanism.AES_KEY_WRAP_KWP,
    Mechanism.AES_KEY_WRAP_PAD,
    Mechanism.AES_CBC_PAD,
)
_PRIVATE_WRAPS: Final = _SECRET_WRAPS[1:]
"""AES_KEY_WRAP is for whole half blocks, which a private key's encoding seldom is."""

_LABEL: Final = "mhsm-probe"
_AES_BITS: Final = 256
_RSA_BITS: Final = 2048
_EXPONENT: Final = b"\1\0\1"
_BLOCK: Final = bytes(range(16))
_TAG_BITS: Final = 128
_OAEP: Final = (Mechanism.SHA256, MGF.SHA256, None)
_SHORT_HMAC_KEY: Final = 16
_WRAPPING: Final = {Attribute.WRAP: True, Attribute.UNWRAP: True}

_NOT_THERE: Final = frozenset(
    {
        "ArgumentsBad",
        "FunctionNotSupported",
        "KeyTypeInconsistent",
        "MechanismInvalid",
        "MechanismParamInvalid",
        "NotImplementedError",
        "TemplateIncomplete",
        "TemplateInconsistent",
    }
)
"""Errors that speak of the call and not of the value."""

Trial = Callable[[], object]


def probed_facts(token: Token) -> dict[str, Any]:
    """The facts as the table `module` of a profile has them: see `facts.py`.

    Raises PKCS11Error where not even an AES and an RSA key can be made.
    """
    return _Probe(token).facts()


class _Probe:
    def __init__(self, token: Token) -> None:
        self._token = token
        self._offered = token.mechanisms()
        self._aes = token.generated_secret(
            KeyType.AES, _AES_BITS, {**USES[Family.OCT], **OPEN, **_WRAPPING}
        )
        shown = {Attribute.TOKEN: False, Attribute.PUBLIC_EXPONENT: _EXPONENT}
        self._rsa_public, self._rsa = token.generated_pair(
            KeyType.RSA,
            _RSA_BITS,
            {**shown, Attribute.ENCRYPT: True, Attribute.VERIFY: True},
            {**USES[Family.RSA], **OPEN},
        )
        self._made = [self._aes, self._rsa_public, self._rsa]
        self._bad_values: set[str] = set()

    def facts(self) -> dict[str, Any]:
        """All facts; the objects of the trials are destroyed."""
        try:
            lacks_keys = self._lacking_keys()
            private = self._private_key()
            told = {
                "wraps_secret_keys_by": self._first_wrapping(_SECRET_WRAPS, self._aes),
                "wraps_private_keys_by": self._first_wrapping(_PRIVATE_WRAPS, private),
                "copies_across": self._works(self._copied),
                "derives_keys": Mechanism.AES_ECB_ENCRYPT_DATA in self._offered,
                "fills_hmac_keys": not self._works(self._short_hmac),
                "outside": self._outside(),
                "lacks": self._lacking(),
                "lacks_keys": lacks_keys,
            }
            self._note_bad_values()
            return {**told, "bad_value": sorted(self._bad_values)}
        finally:
            for handle in self._made:
                self._works(partial(self._token.destroy, handle))

    def _works(self, trial: Trial) -> bool:
        try:
            return trial() is not False
        except (PKCS11Error, NotImplementedError):
            return False

    # --- what is there ----------------------------------------------------------------------------

    def _lacking_keys(self) -> dict[str, str]:
        if Mechanism.EC_KEY_PAIR_GEN not in self._offered:
            return {Family.EC.value: "CKM_EC_KEY_PAIR_GEN is not there"}
        return {
            f"{Family.EC.value} {curve}": "its keys cannot be made"
            for curve in EC_PARAMETERS
            if not self._works(partial(self._ec_key, curve))
        }

    def _ec_key(self, curve: str) -> Handle:
        shown = {Attribute.TOKEN: False, Attribute.EC_PARAMS: EC_PARAMETERS[curve]}
        public, private = self._token.generated_pair(
            KeyType.EC, None, {**shown, Attribute.VERIFY: True}, {**USES[Family.EC], **OPEN}
        )
        self._made += [public, private]
        return private

    def _private_key(self) -> Handle:
        """One on a curve where there is one, whose encoding is no whole number of half blocks."""
        made = [
            handle for handle in self._made[3:] if handle.object_class is ObjectClass.PRIVATE_KEY
        ]
        return made[0] if made else self._rsa

    def _lacking(self) -> dict[str, str]:
        lacks: dict[str, str] = {}
        if not self._works(self._gcm):
            lacks |= {f"A{bits}GCM": "CKM_AES_GCM is not there" for bits in (128, 192, 256)}
        if Mechanism.RSA_PKCS_PSS not in self._offered:
            lacks |= {f"PS{bits}": "CKM_RSA_PKCS_PSS is not there" for bits in (256, 384, 512)}
        return lacks

    def _outside(self) -> dict[str, str]:
        outside: dict[str, str] = {}
        if not self._works(self._oaep):
            outside["RSA-OAEP-256"] = "CKM_RSA_PKCS_OAEP does not work with SHA-256"
        if not self._works(lambda: self._wraps_bytes(Mechanism.AES_KEY_WRAP, 16)):
            told = "CKM_AES_KEY_WRAP does not work"
            outside |= dict.fromkeys(("A128KW", "A192KW", "A256KW", "CKM_AES_KEY_WRAP"), told)
        if not self._works(lambda: self._wraps_bytes(Mechanism.AES_KEY_WRAP_KWP, 13)):
            outside["CKM_AES_KEY_WRAP_PAD"] = "CKM_AES_KEY_WRAP_KWP does not work"
        return outside

    def _copied(self) -> None:
        changes = {Attribute.TOKEN: True, Attribute.EXTRACTABLE: False, Attribute.LABEL: _LABEL}
        self._made.append(self._token.copy(self._aes, changes))

    # --- trials -----------------------------------------------------------------------------------

    def _first_wrapping(self, mechanisms: Iterable[Mechanism], key: Handle) -> str:
        works = (m for m in mechanisms if self._works(partial(self._wraps_key, m, key)))
        # Where none works, whoever opens an instance is told so by the module itself.
        return next(works, Mechanism.AES_KEY_WRAP_PAD).name

    def _wraps_key(self, mechanism: Mechanism, key: Handle) -> None:
        parameter = _BLOCK if mechanism is Mechanism.AES_CBC_PAD else None
        value = self._token.wrapped(self._aes, key, mechanism, parameter)
        kind = {Attribute.CLASS: key.object_class, Attribute.KEY_TYPE: key.key_type}
        template = {**CLOSED, Attribute.TOKEN: False, **kind}
        self._made.append(self._token.unwrapped(self._aes, value, mechanism, template, parameter))

    def _wraps_bytes(self, mechanism: Mechanism, count: int) -> bool:
        given = self._token.create({**PASSING, Attribute.VALUE: _BLOCK[:count]})
        self._made.append(given)
        value = self._token.wrapped(self._aes, given, mechanism)
        got = self._token.unwrapped(self._aes, value, mechanism, PASSING)
        self._made.append(got)
        value = self._token.read(got, Attribute.VALUE)
        return bool(value == _BLOCK[:count])

    def _gcm(self) -> bool:
        parameter = GCMParams(_BLOCK[:12], _BLOCK, _TAG_BITS)
        whole = self._token.encrypted(self._aes, _BLOCK, Mechanism.AES_GCM, parameter)
        return self._token.decrypted(self._aes, whole, Mechanism.AES_GCM, parameter) == _BLOCK

    def _oaep(self) -> bool:
        value = self._token.encrypted(self._rsa_public, _BLOCK, Mechanism.RSA_PKCS_OAEP, _OAEP)
        return self._token.decrypted(self._rsa, value, Mechanism.RSA_PKCS_OAEP, _OAEP) == _BLOCK

    def _short_hmac(self) -> bytes:
        key = self._token.create(
            {
                **OPEN,
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
                Attribute.SIGN: True,
                Attribute.VALUE: _BLOCK[:_SHORT_HMAC_KEY],
            }
        )
        self._made.append(key)
        return self._token.signed(key, _BLOCK, Mechanism.SHA512_HMAC)

    # --- how it says no ---------------------------------------------------------------------------

    def _note_bad_values(self) -> None:
        """Note the errors that values get which cannot be right."""
        token, aes, rsa = self._token, self._aes, self._rsa
        gcm = GCMParams(_BLOCK[:12], None, _TAG_BITS)
        # Less than every modulus, and its padding is right by no likely chance.
        no_padding = b"\1" * (_RSA_BITS // 8)
        # The last byte of no block decrypts to a padding: encrypted without one, it ends in 0xff.
        unpadded = self._tried(
            lambda: token.encrypted(aes, b"\xff" * 16, Mechanism.AES_CBC, _BLOCK)
        )
        sha1 = (Mechanism.SHA_1, MGF.SHA1, None)
        trials: tuple[Trial, ...] = (
            lambda: token.decrypted(aes, bytes(32), Mechanism.AES_GCM, gcm),
            lambda: token.decrypted(aes, unpadded or bytes(16), Mechanism.AES_CBC_PAD, _BLOCK),
            lambda: token.decrypted(rsa, no_padding, Mechanism.RSA_PKCS),
            lambda: token.decrypted(rsa, no_padding, Mechanism.RSA_PKCS_OAEP, sha1),
            lambda: token.decrypted(rsa, no_padding, Mechanism.RSA_PKCS_OAEP, _OAEP),
            lambda: token.unwrapped(aes, bytes(24), Mechanism.AES_KEY_WRAP, PASSING),
            lambda: token.unwrapped(aes, bytes(24), Mechanism.AES_KEY_WRAP_KWP, PASSING),
        )
        for trial in trials:
            self._tried(trial)

    def _tried(self, trial: Callable[[], Any]) -> Any:
        """What the trial gives, or None and its error noted, unless it says the thing lacks."""
        try:
            return trial()
        except (PKCS11Error, NotImplementedError) as error:
            name = type(error).__name__
            if name not in _NOT_THERE:
                self._bad_values.add(name)
            return None
