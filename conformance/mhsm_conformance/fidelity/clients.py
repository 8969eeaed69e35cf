"""What clients compute by themselves: a ciphertext under a public key, which no reply produced.

The target's key is another one than the recorded. What the service found in the ciphertext is in
the recording, and is encrypted again under the key that stands for the recorded one.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final, cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding

from mhsm_model.base64url import decoded, encoded
from mhsm_model.exchange import Decrypt, Request, UnwrapKey
from mhsm_model.wire.http import HttpRequest, HttpResponse

__all__ = ["PublicKeys", "encrypted_anew"]


def _oaep(algorithm: hashes.HashAlgorithm) -> AsymmetricPadding:
    return padding.OAEP(padding.MGF1(algorithm), algorithm, None)


_PADDINGS: Final[dict[str, AsymmetricPadding]] = {
    "RSA1_5": padding.PKCS1v15(),
    "RSA-OAEP": _oaep(hashes.SHA1()),
    "RSA-OAEP-256": _oaep(hashes.SHA256()),
}


class PublicKeys:
    """The RSA keys that the target has shown, by name and version; the newest under None."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str | None], rsa.RSAPublicKey] = {}

    def learn(self, response: HttpResponse) -> None:
        """Keep the key that a reply shows, if it shows one."""
        document = response.document()
        key = cast("dict[str, Any]", document).get("key") if isinstance(document, dict) else None
        if not isinstance(key, dict):
            return
        jwk = cast("dict[str, Any]", key)
        if not {"kid", "n", "e"} <= jwk.keys():
            return
        n, e = (int.from_bytes(decoded(str(jwk[name]))) for name in ("n", "e"))
        name, _, version = str(jwk["kid"]).partition("/keys/")[2].partition("/")
        public = rsa.RSAPublicNumbers(e, n).public_key()
        self._keys[name, version] = self._keys[name, None] = public

    def of(self, name: str, version: str | None) -> rsa.RSAPublicKey | None:
        """The key of that name and version, the newest for None."""
        return self._keys.get((name, version))


def encrypted_anew(
    request: Request, message: HttpRequest, recorded: HttpResponse, keys: PublicKeys
) -> HttpRequest:
    """The message with what it asks to decrypt encrypted under our key, where that can be done.

    `request` is what the message asks of the target, `recorded` the service's answer.
    """
    if not isinstance(request, Decrypt | UnwrapKey):
        return message
    form, key = _PADDINGS.get(request.algorithm), keys.of(request.name, request.version)
    answer, document = recorded.document(), message.document()
    if form is None or key is None or not isinstance(answer, dict) or recorded.status != 200:
        return message
    plaintext = decoded(str(cast("dict[str, Any]", answer).get("value", "")))
    sent = {**cast("dict[str, Any]", document), "value": encoded(key.encrypt(plaintext, form))}
    return replace(message, body=json.dumps(sent, separators=(",", ":")).encode())
