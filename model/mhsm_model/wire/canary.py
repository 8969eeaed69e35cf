"""Imported secrets as canaries: every response is searched for them, in every form of writing.

What a client imported it knows, so it can tell when a response gives it away. The secrets are those
that the client sent, not those that an estate believes in: a refused import or one whose reply was
lost may be quoted as well. A response that leaks is redacted before anything else reads it, so that
no reply, verdict or report carries the secret on.

A secret that the client has told elsewhere, as a tag or as a plaintext to encrypt, is none any
more: the service may show it in its turn. What a decryption gives is not searched, because the
client may have wrapped a secret itself; the relations of ciphertexts say what it must be.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from struct import Struct
from typing import Any, Final, cast

import gmpy2

from mhsm_model.base64url import encoded
from mhsm_model.exchange import Decrypt, ImportKey, Request, Unmodelled, UnwrapKey
from mhsm_model.jwk import PRIVATE_MEMBERS, JsonWebKey
from mhsm_model.wire.http import HttpRequest, HttpResponse

__all__ = ["ImportedSecrets", "Leak"]

_SHORTEST: Final = 8
_FEWEST_VALUES: Final = 4
"""A secret of fewer bytes, or of fewer different ones, may stand in a response by chance."""

_GRAM: Final = 4
_STRIDE: Final = 5
"""A text is sampled every _STRIDE bytes, and the samples compared with the first grams of needles.

No needle is shorter than _GRAM + _STRIDE - 1 bytes, so one of its first _STRIDE grams stands at a
sample. What that costs does not depend on the number of needles.
"""

_MARK: Final = "(imported secret)"
_NUMBERS: Final = frozenset(PRIVATE_MEMBERS) - {"k"}


@dataclass(frozen=True, slots=True)
class Leak:
    """A private member seen in a response: which one, how it was written, and where it stood."""

    member: str
    form: str
    place: str

    def __str__(self) -> str:
        return f"member {self.member} of an imported key {self.form}, in {self.place}"


@dataclass(frozen=True, slots=True)
class _Needle:
    """One way to write a secret."""

    secret: bytes = field(repr=False)
    member: str
    form: str
    text: bytes = field(repr=False)


_Grams = dict[bytes, tuple[_Needle, ...]]
"""Needles under each of their first grams. Never changed once it is made."""


@dataclass(frozen=True, slots=True)
class ImportedSecrets:
    """The secrets that a client has imported so far, as what to search responses for."""

    _needles: _Grams = field(default_factory=dict[bytes, tuple[_Needle, ...]], repr=False)
    _watched: frozenset[bytes] = field(default=frozenset(), repr=False)
    _told: frozenset[bytes] = field(default=frozenset(), repr=False)

    def sending(self, sent: HttpRequest, request: Request) -> ImportedSecrets:
        """The secrets after a request: those it imports are added, those it tells are dropped."""
        key = request.key if isinstance(request, ImportKey) else None
        secrets = self if key is None else self._with_key(key)
        if not secrets._needles:
            return secrets
        body = _plain(sent.body)
        body = body if key is None else _without_private(body, key)
        text = sent.target.encode("latin-1", "replace") + b"\n" + body
        told = {needle.secret for needle in secrets._found(text)}
        return secrets._without(told) if told else secrets

    def screened(
        self, answered: HttpResponse, request: Request
    ) -> tuple[HttpResponse, tuple[Leak, ...] | None]:
        """The response without imported secrets, and where it had some.

        The leaks are None where there was nothing to search for, or where the operation may give
        secrets for all that is known of it. A response without leaks comes back as it is.
        """
        if not self._needles or isinstance(request, Unmodelled):
            return answered, None
        head = "\n".join((*answered.headers, *answered.headers.values()))
        head_bytes = head.encode("latin-1", "replace")
        body = searched = _plain(answered.body)
        if isinstance(request, Decrypt | UnwrapKey) and answered.status < 400:
            searched = body.replace(_decrypted(answered), b"")
        found = self._found(head_bytes + b"\n" + searched)
        if not found:
            return answered, ()
        leaks = tuple(_leaks(found, head_bytes, searched))
        return _redacted(replace(answered, body=body), found), leaks

    def _with_key(self, key: JsonWebKey) -> ImportedSecrets:
        needles = dict(self._needles)
        watched = set(self._watched)
        for secret, grams in _grams_of(key).items():
            if secret in watched or secret in self._told:
                continue
            watched.add(secret)
            for gram, more in grams.items():
                needles[gram] = needles.get(gram, ()) + more
        return ImportedSecrets(needles, frozenset(watched), self._told)

    def _without(self, told: set[bytes]) -> ImportedSecrets:
        needles: _Grams = {}
        for gram, held in self._needles.items():
            kept = tuple(needle for needle in held if needle.secret not in told)
            if kept:
                needles[gram] = kept
        return ImportedSecrets(needles, self._watched - told, self._told | told)

    def _found(self, text: bytes) -> list[_Needle]:
        """The needles that stand in the text, longest first."""
        text += b"\n" * (_STRIDE - _GRAM)  # the last gram of the text is a whole sample too
        samples: tuple[bytes, ...] = _sampler(len(text) // _STRIDE).unpack_from(text)
        if self._needles.keys().isdisjoint(samples):
            return []
        near = {n for gram in self._needles.keys() & samples for n in self._needles[gram]}
        found = (needle for needle in near if needle.text in text)
        return sorted(found, key=lambda needle: (-len(needle.text), needle.text))


@lru_cache(maxsize=4096)
def _sampler(count: int) -> Struct:
    return Struct(f"{_GRAM}s{_STRIDE - _GRAM}x" * count)


@lru_cache(maxsize=256)
def _grams_of(key: JsonWebKey) -> dict[bytes, _Grams]:
    """For each secret of the key its needles, under each of their first grams."""
    found: dict[bytes, _Grams] = {}
    for name in PRIVATE_MEMBERS:
        value: bytes | None = getattr(key, name)
        secret = (value or b"").lstrip(b"\0") if name in _NUMBERS else value or b""
        if len(secret) < _SHORTEST or len(set(secret)) < _FEWEST_VALUES or secret in found:
            continue
        grams = found[secret] = {}
        for needle in _needles_of(name, secret):
            for start in range(_STRIDE):
                gram = needle.text[start : start + _GRAM]
                grams[gram] = (*grams.get(gram, ()), needle)
    return found


def _needles_of(member: str, secret: bytes) -> Iterator[_Needle]:
    forms: dict[bytes, str] = {secret: "as it is"}
    # As a part of something longer it may begin at any of three places of a group of four letters.
    for before in range(3):
        group = base64.b64encode(bytes(before) + secret)
        clean = group[(8 * before + 5) // 6 : 8 * (before + len(secret)) // 6]
        forms.setdefault(clean.translate(_URL_SAFE), "in base64url")
        forms.setdefault(clean, "in base64")
    forms.setdefault(secret.hex().encode(), "in hexadecimal")
    forms.setdefault(secret.hex().upper().encode(), "in hexadecimal")
    if member in _NUMBERS:
        # Not by str(), which refuses more digits than a long RSA key has.
        number = gmpy2.mpz(int.from_bytes(secret))
        forms.setdefault(number.digits().encode(), "in decimal")
    for text, form in forms.items():
        yield _Needle(secret, member, form, text)


_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def _plain(body: bytes) -> bytes:
    """The body with the solidus as it is, which JSON lets stand behind a backslash."""
    return body.replace(b"\\/", b"/") if b"\\/" in body else body


def _without_private(body: bytes, key: JsonWebKey) -> bytes:
    """The body of an import without the private members, each taken out once."""
    for name in PRIVATE_MEMBERS:
        value: bytes | None = getattr(key, name)
        if value:
            body = body.replace(encoded(value).encode(), b"", 1)
    return body


def _decrypted(answered: HttpResponse) -> bytes:
    """The member of the body that a decryption gives, as it is written there."""
    document = answered.document()
    if not isinstance(document, dict):
        return b"\0"
    value = cast("dict[str, Any]", document).get("value")
    return value.encode() if isinstance(value, str) and value else b"\0"


def _leaks(found: Iterable[_Needle], head: bytes, body: bytes) -> Iterator[Leak]:
    for needle in found:
        for text, place in ((head, "a header"), (body, "the body")):
            if needle.text in text:
                yield Leak(needle.member, needle.form, place)


def _redacted(answered: HttpResponse, found: Iterable[_Needle]) -> HttpResponse:
    body, headers = answered.body, answered.headers
    for needle in found:
        body = body.replace(needle.text, _MARK.encode())
        shown = needle.text.decode("latin-1")
        headers = {n.replace(shown, _MARK): v.replace(shown, _MARK) for n, v in headers.items()}
    return replace(answered, headers=headers, body=body)
