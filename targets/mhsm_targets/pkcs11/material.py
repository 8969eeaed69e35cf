"""Key material in the token: born there or brought in, wrapped once, kept so that it cannot leave.

A key begins as a session object that may be extracted. It is wrapped under the domain key, and a
copy that may not be extracted is stored; the session object is destroyed. The wrapped form serves
backups, and the HMAC key that has the same bytes as an AES key.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.exceptions import AttributeTypeInvalid, ObjectHandleInvalid, PKCS11Error

from mhsm_model.jwk import JsonWebKey, PublicKey, RsaPublic
from mhsm_model.tables.key_types import Family, KeyKind
from mhsm_targets.pkcs11.domain import Domain
from mhsm_targets.pkcs11.facts import ModuleFacts
from mhsm_targets.pkcs11.objects import (
    CLOSED,
    EC_PARAMETERS,
    OPEN,
    USES,
    imported_template,
    public_template,
    read_point,
)
from mhsm_targets.pkcs11.stored import Material
from mhsm_targets.pkcs11.token import Handle, Token

__all__ = ["KeyObjects", "LostObjectError"]

_IDENTIFIER_BYTES: Final = 16
_KEPT_SESSION_OBJECTS: Final = 64
_CLOSING: Final = {Attribute.TOKEN: True, Attribute.EXTRACTABLE: False}
"""What a copy changes; of the rest it is as the session object was."""

_HMAC_KEY: Final = {
    **CLOSED,
    Attribute.CLASS: ObjectClass.SECRET_KEY,
    Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
    Attribute.TOKEN: False,
    Attribute.SIGN: True,
    Attribute.VERIFY: True,
}
_LONGEST_HASH_BYTES: Final = 64
"""That of SHA-512, and no more than the block of SHA-256: one filled key serves every hash."""


class LostObjectError(Exception):
    """A record speaks of a key object that the token does not have; the text says of which."""


class KeyObjects:
    """The key objects of an instance. `label` marks them among other objects of the token."""

    def __init__(self, token: Token, label: str, domain: Domain, facts: ModuleFacts) -> None:
        self._token = token
        self._label = label
        self._domain = domain
        self._facts = facts
        self._handles: dict[bytes, Handle] = {}
        self._session_objects: OrderedDict[tuple[str, bytes], Handle] = OrderedDict()

    def read(self, known: Iterable[bytes]) -> int:
        """Find the key objects, destroy those whose CKA_ID is not `known`, return how many were."""
        wanted, swept = set(known), 0
        for handle in self._token.found({Attribute.LABEL: self._label}):
            try:
                identifier: bytes = self._token.read(handle, Attribute.ID)
            except (AttributeTypeInvalid, ObjectHandleInvalid):
                # It was not finished when its process died.
                identifier = b""
            if identifier in wanted and identifier not in self._handles:
                self._handles[identifier] = handle
            else:
                self._destroy(handle)
                swept += 1
        return swept

    # --- birth ------------------------------------------------------------------------------------

    def generated(self, kind: KeyKind, exponent: int | None = None) -> Material:
        """New material of that kind; `exponent` is the public exponent of an RSA key."""
        uses = USES[kind.family]
        if kind.family is Family.OCT:
            born = self._token.generated_secret(KeyType.AES, kind.bits or 0, {**uses, **OPEN})
            return self._kept(kind, None, born)
        if kind.family is Family.RSA:
            e = exponent or 0
            shown = {Attribute.PUBLIC_EXPONENT: e.to_bytes((e.bit_length() + 7) // 8)}
            key_type = KeyType.RSA
        else:
            shown = {Attribute.EC_PARAMS: EC_PARAMETERS[kind.curve or ""]}
            key_type = KeyType.EC
        open_public = {Attribute.TOKEN: False, Attribute.VERIFY: True, **shown}
        private = {**uses, **OPEN}
        public_handle, born = self._token.generated_pair(key_type, kind.bits, open_public, private)
        with self._passing(public_handle):
            public = self._public(kind, public_handle)
        return self._kept(kind, public, born)

    def imported(self, kind: KeyKind, key: JsonWebKey, public: PublicKey | None) -> Material:
        """The material of an imported key, which must be whole and consistent."""
        template = {**USES[kind.family], **OPEN, **imported_template(kind.family, key)}
        return self._kept(kind, public, self._token.create(template))

    def restored(self, material: Material) -> Material:
        """Material of a backup as an object of its own; raises PKCS11Error where it is none."""
        identifier = self._token.random(_IDENTIFIER_BYTES)
        template = {**USES[material.kind.family], **CLOSED, **self._marks(identifier)}
        handle = self._domain.unwrapped(material.wrapped, template)
        self._handles[identifier] = handle
        return replace(material, object_id=identifier)

    def _marks(self, identifier: bytes) -> dict[Attribute, str | bytes]:
        return {Attribute.ID: identifier, Attribute.LABEL: self._label}

    def _kept(self, kind: KeyKind, public: PublicKey | None, born: Handle) -> Material:
        identifier = self._token.random(_IDENTIFIER_BYTES)
        with self._passing(born):
            wrapped = self._domain.wrapped(born, secret=kind.family is Family.OCT)
            if self._facts.copies_across:
                handle = self._token.copy(born, {**_CLOSING, **self._marks(identifier)})
            else:
                template = {**USES[kind.family], **CLOSED, **self._marks(identifier)}
                handle = self._domain.unwrapped(wrapped, template)
        self._handles[identifier] = handle
        return Material(kind, identifier, public, wrapped)

    @contextmanager
    def _passing(self, handle: Handle) -> Generator[None, None, None]:
        """A session object that is wanted only here."""
        try:
            yield
        finally:
            self._destroy(handle)

    def _public(self, kind: KeyKind, handle: Handle) -> PublicKey:
        if kind.curve is not None:
            return read_point(kind.curve, self._token.read(handle, Attribute.EC_POINT))
        n: bytes = self._token.read(handle, Attribute.MODULUS)
        e: bytes = self._token.read(handle, Attribute.PUBLIC_EXPONENT)
        return RsaPublic(n.lstrip(b"\0"), e.lstrip(b"\0"))

    # --- use --------------------------------------------------------------------------------------

    def own(self, material: Material) -> Handle:
        """The private or secret key; raises LostObjectError where the token has lost it."""
        handle = self._handles.get(material.object_id)
        if handle is None:
            raise LostObjectError(f"CKA_ID {material.object_id.hex()}")
        return handle

    def public(self, material: Material) -> Handle:
        """The public key as a session object; raises ValueError for a symmetric key."""
        public = material.public
        if public is None:
            raise ValueError("a symmetric key has no public half")
        return self._session_object(
            "public", material, lambda: self._token.create(public_template(public))
        )

    def authenticating(self, material: Material, hash_bytes: int) -> Handle:
        """The HMAC key with the bytes of an AES key, made inside the token from its wrapped form.

        An AES key does no HMAC: CKR_KEY_TYPE_INCONSISTENT, as PKCS #11 has it. Where the module
        wants a key as long as the hash, a shorter one is filled with zero bytes, which gives the
        same HMAC (RFC 2104 section 2); it passes through this process for that.
        """
        if self._facts.fills_hmac_keys and (material.kind.bits or 0) < 8 * hash_bytes:
            return self._session_object("filled", material, lambda: self._filled(material))
        return self._session_object(
            "authenticating", material, lambda: self._domain.unwrapped(material.wrapped, _HMAC_KEY)
        )

    def _filled(self, material: Material) -> Handle:
        readable = {**_HMAC_KEY, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
        passing = self._domain.unwrapped(material.wrapped, readable)
        with self._passing(passing):
            value: bytes = self._token.read(passing, Attribute.VALUE)
        filled = value.ljust(_LONGEST_HASH_BYTES, b"\0")
        return self._token.create({**_HMAC_KEY, Attribute.VALUE: filled})

    def _session_object(self, use: str, material: Material, make: Callable[[], Handle]) -> Handle:
        place = (use, material.object_id)
        handle = self._session_objects.get(place)
        if handle is None:
            handle = self._session_objects[place] = make()
            if len(self._session_objects) > _KEPT_SESSION_OBJECTS:
                _, oldest = self._session_objects.popitem(last=False)
                self._destroy(oldest)
        return handle

    # --- death ------------------------------------------------------------------------------------

    def destroy(self, material: Material) -> None:
        """Destroy the key's object and what was made of it."""
        for use in ("public", "authenticating", "filled"):
            made = self._session_objects.pop((use, material.object_id), None)
            if made is not None:
                self._destroy(made)
        handle = self._handles.pop(material.object_id, None)
        if handle is not None:
            self._destroy(handle)

    def _destroy(self, handle: Handle) -> None:
        # Nothing refers to it any more; what cannot be destroyed now is swept at the next opening.
        with contextlib.suppress(PKCS11Error):
            self._token.destroy(handle)
