"""The security domain: an AES key of the token that wraps key material and protects backups."""

from __future__ import annotations

from typing import Any, Final

from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import KeyTypeInconsistent, PKCS11Error

from mhsm_targets.pkcs11.facts import ModuleFacts
from mhsm_targets.pkcs11.objects import CLOSED, OPEN
from mhsm_targets.pkcs11.token import Handle, Template, Token

__all__ = ["Domain"]

_BITS: Final = 256
_ENCRYPTING: Final = b"mhsm backup: encrypting key 256b"
_AUTHENTICATING: Final = b"mhsm backup: authenticating key, as long as SHA-512 gives, 512b."
_AUTHENTICATING_BITS: Final = 512
"""Twice what A256CBC-HS512 takes: SoftHSM has no HMAC key shorter than its hash."""

_IV_BYTES: Final = 16


class Domain:
    """The domain key, found by its label or made.

    `secret` is the key's 32 bytes where the domain is shared with another token, None where it is
    generated here and nobody ever sees it. A key that is found and does not work was not finished
    when its process died; it is made anew where no record needs it, which `replaceable` says.
    Raises PKCS11Error.
    """

    def __init__(
        self,
        token: Token,
        label: str,
        facts: ModuleFacts,
        secret: bytes | None = None,
        *,
        replaceable: bool = True,
    ) -> None:
        self._token = token
        self._facts = facts
        self._derived: dict[bytes, Handle] = {}
        found = token.found({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label})
        self._key = found[0] if found else self._made(label, secret)
        if found:
            self._proved(replaceable, label, secret)

    def _proved(self, replaceable: bool, label: str, secret: bytes | None) -> None:
        try:
            self._try()
        except (PKCS11Error, AttributeError) as error:
            # python-pkcs11 gives a key no method for what the key may not be used for.
            if not replaceable:
                raise KeyTypeInconsistent(f"of the domain key: {error}") from None
            self._token.destroy(self._key)
            self._derived.clear()
            self._key = self._made(label, secret)

    def _try(self) -> None:
        """Use the key in every way; raises PKCS11Error where it lacks one."""
        self._token.read(self._key, Attribute.EXTRACTABLE)
        template = {
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.ENCRYPT: True,
            Attribute.DECRYPT: True,
        }
        born = self._token.generated_secret(KeyType.AES, _BITS, {**template, **OPEN})
        value = self.wrapped(born, secret=True)
        whole = {**CLOSED, **template, Attribute.CLASS: ObjectClass.SECRET_KEY}
        back = self.unwrapped(value, {**whole, Attribute.TOKEN: False})
        self.encrypting()
        for handle in (born, back):
            self._token.destroy(handle)

    def _made(self, label: str, secret: bytes | None) -> Handle:
        template: dict[Attribute, Any] = {
            **CLOSED,
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.LABEL: label,
            Attribute.WRAP: True,
            Attribute.UNWRAP: True,
            Attribute.DERIVE if self._facts.derives_keys else Attribute.ENCRYPT: True,
        }
        if secret is None:
            return self._token.generated_secret(KeyType.AES, _BITS, template)
        return self._token.create({**template, Attribute.VALUE: secret})

    # --- key material -----------------------------------------------------------------------------

    def _mechanism(self, *, secret: bool) -> Mechanism:
        facts = self._facts
        return facts.wraps_secret_keys_by if secret else facts.wraps_private_keys_by

    def wrapped(self, key: Handle, *, secret: bool) -> bytes:
        """The key wrapped under the domain key; `secret` tells a secret key from a private one."""
        mechanism = self._mechanism(secret=secret)
        parameter = self._token.random(_IV_BYTES) if mechanism is Mechanism.AES_CBC_PAD else None
        value = self._token.wrapped(self._key, key, mechanism, parameter)
        return (parameter or b"") + value

    def unwrapped(self, value: bytes, template: Template) -> Handle:
        """The key in a wrapped value as an object; raises PKCS11Error where it is none of ours."""
        secret = template[Attribute.CLASS] is ObjectClass.SECRET_KEY
        mechanism = self._mechanism(secret=secret)
        parameter = None
        if mechanism is Mechanism.AES_CBC_PAD:
            parameter, value = value[:_IV_BYTES], value[_IV_BYTES:]
        return self._token.unwrapped(self._key, value, mechanism, template, parameter)

    # --- backups ----------------------------------------------------------------------------------

    def encrypting(self) -> Handle:
        """The AES-256 key that encrypts backups, derived in the token."""
        uses = {Attribute.KEY_TYPE: KeyType.AES, Attribute.ENCRYPT: True, Attribute.DECRYPT: True}
        return self._backup_key(_ENCRYPTING, _BITS, uses)

    def authenticating(self) -> Handle:
        """The HMAC key that authenticates backups, derived in the token."""
        uses = {Attribute.KEY_TYPE: KeyType.GENERIC_SECRET, Attribute.SIGN: True}
        return self._backup_key(_AUTHENTICATING, _AUTHENTICATING_BITS, uses)

    def _backup_key(self, purpose: bytes, bits: int, uses: dict[Attribute, Any]) -> Handle:
        handle = self._derived.get(purpose)
        if handle is None:
            template = {
                **CLOSED,
                Attribute.TOKEN: False,
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                **uses,
            }
            handle = self._derived[purpose] = self._derive(purpose, bits, template)
        return handle

    def _derive(self, purpose: bytes, bits: int, template: dict[Attribute, Any]) -> Handle:
        if self._facts.derives_keys:
            mechanism = Mechanism.AES_ECB_ENCRYPT_DATA
            return self._token.derived(self._key, mechanism, purpose, bits, template)
        # The same key, but its bytes pass through this process.
        value = self._token.encrypted(self._key, purpose, Mechanism.AES_ECB)
        return self._token.create({**template, Attribute.VALUE: value[: bits // 8]})
