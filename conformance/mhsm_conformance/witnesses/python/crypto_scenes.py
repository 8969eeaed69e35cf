"""What CryptographyClient does: every algorithm that it knows, by the HSM and by itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from mhsm_conformance.witnesses.python.flavour import settled
from mhsm_conformance.witnesses.python.own_keys import OwnKey, own_ec, own_oct, own_rsa
from mhsm_conformance.witnesses.python.stand import Stand, coordinates
from mhsm_conformance.witnesses.testimony import Claims, Scene, decrypts, equal, signs

__all__ = ["crypto_scenes"]

# A whole block: the service was recorded to fill a shorter one with zero bytes before it is used.
_AAD: Final = b"goes with a text"
# Its SymmetricKey draws a key where it is given none, and an HSM gives none.
_INVENTED_KEY: Final = "it uses a random key of its own in place of the HSM's, which it is not told"
_CURVES: Final = {"ES256": "P-256", "ES256K": "P-256K", "ES384": "P-384", "ES512": "P-521"}
_DIGEST_BYTES: Final = {"256": 32, "384": 48, "512": 64}


def crypto_scenes(stand: Stand) -> list[Scene]:
    """A scene for every algorithm that the client lists, and what else it does with keys."""
    scenes = _CryptoScenes(stand)
    listed = stand.flavour.algorithms
    signing = list(listed.SignatureAlgorithm)
    encrypting = list(listed.EncryptionAlgorithm)
    wrapping = list(listed.KeyWrapAlgorithm)
    by_both = [way for way in encrypting if way.value.startswith("RSA")]
    return [
        *(Scene(f"sign and verify {way.value}", scenes.signature(way)) for way in signing),
        *(Scene(f"encrypt and decrypt {way.value}", scenes.encryption(way)) for way in encrypting),
        *(Scene(f"wrap_key and unwrap_key {way.value}", scenes.wrapping(way)) for way in wrapping),
        *(
            Scene(f"{way.value} in the client, undone by the HSM", scenes.by_the_client(way))
            for way in by_both
        ),
        *(
            Scene(f"verify {way.value} in the client", scenes.verified_by_the_client(way))
            for way in signing
            if not way.value.startswith("HS")
        ),
        Scene("encrypt A256CBCPAD by default", scenes.own_cipher, defect=_INVENTED_KEY),
        Scene("wrap_key A256KW by default", scenes.own_wrap, defect=_INVENTED_KEY),
        Scene("decrypt A256GCM, altered", scenes.altered),
        Scene("CryptographyClient by identifier alone", scenes.by_identifier),
        *(
            []
            if stand.flavour.is_async
            else [Scene("create_rsa_private_key().sign", scenes.private_key_object)]
        ),
    ]


def _key_for(algorithm: str) -> OwnKey:
    if algorithm[:2] in ("RS", "PS"):
        return own_rsa()
    if algorithm in _CURVES:
        return own_ec(_CURVES[algorithm])
    if algorithm[0] == "A":
        return own_oct(int(algorithm[1:4]))
    return own_oct(256)


def _digest(algorithm: str) -> bytes:
    return secrets.token_bytes(_DIGEST_BYTES[algorithm[2:5]])


class _CryptoScenes:
    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self._imported: dict[str, Any] = {}

    async def _key(self, algorithm: str) -> tuple[OwnKey, Any]:
        own = _key_for(algorithm)
        if own.kind not in self._imported:
            self._imported[own.kind] = await self.stand.imported(own)
        return own, self._imported[own.kind]

    def signature(self, way: Any) -> Callable[[], Any]:
        async def play() -> Claims:
            algorithm: str = way.value
            own, key = await self._key(algorithm)
            client, seen = self.stand.remote(key), _Seen()
            digest = _digest(algorithm)
            signed = await settled(client.sign(way, digest, raw_response_hook=seen))
            good, altered = [
                await settled(client.verify(way, digest, value, raw_response_hook=seen))
                for value in (signed.signature, _altered(signed.signature))
            ]
            return [
                signs(own.material(), algorithm, digest, signed.signature),
                equal("verified", True, good.is_valid),
                equal("an altered one verified", False, altered.is_valid),
                seen.asked("sign", "verify", "verify"),
            ]

        return play

    def encryption(self, way: Any) -> Callable[[], Any]:
        async def play() -> Claims:
            algorithm: str = way.value
            own, key = await self._key(algorithm)
            client, seen = self.stand.remote(key), _Seen()
            plaintext = secrets.token_bytes(32)
            more: dict[str, Any] = {}
            if "GCM" in algorithm:
                more = {"additional_authenticated_data": _AAD}
            if "CBC" in algorithm:
                more = {"iv": secrets.token_bytes(16)}
            made = await settled(client.encrypt(way, plaintext, raw_response_hook=seen, **more))
            if "GCM" in algorithm:
                more |= {"iv": made.iv, "authentication_tag": made.tag}
            undone = await settled(
                client.decrypt(way, made.ciphertext, raw_response_hook=seen, **more)
            )
            return [
                decrypts(
                    own.material(),
                    algorithm,
                    plaintext,
                    made.ciphertext,
                    iv=more.get("iv"),
                    tag=made.tag,
                    aad=more.get("additional_authenticated_data"),
                ),
                equal("decrypted", plaintext, undone.plaintext),
                seen.asked("encrypt", "decrypt"),
            ]

        return play

    def wrapping(self, way: Any) -> Callable[[], Any]:
        async def play() -> Claims:
            algorithm: str = way.value
            own, key = await self._key(algorithm)
            client, seen = self.stand.remote(key), _Seen()
            secret = secrets.token_bytes(32 if algorithm != "CKM_AES_KEY_WRAP_PAD" else 21)
            made = await settled(client.wrap_key(way, secret, raw_response_hook=seen))
            undone = await settled(
                client.unwrap_key(way, made.encrypted_key, raw_response_hook=seen)
            )
            return [
                decrypts(own.material(), algorithm, secret, made.encrypted_key),
                equal("unwrapped", secret, undone.key),
                seen.asked("wrapkey", "unwrapkey"),
            ]

        return play

    def by_the_client(self, way: Any) -> Callable[[], Any]:
        async def play() -> Claims:
            algorithm: str = way.value
            own, key = await self._key(algorithm)
            client, seen = self.stand.cryptography(key), _Seen()
            wrapping = self.stand.flavour.algorithms.KeyWrapAlgorithm(algorithm)
            plaintext = secrets.token_bytes(32)
            made = await settled(client.encrypt(way, plaintext, raw_response_hook=seen))
            undone = await settled(client.decrypt(way, made.ciphertext))
            wrapped = await settled(client.wrap_key(wrapping, plaintext, raw_response_hook=seen))
            unwrapped = await settled(client.unwrap_key(wrapping, wrapped.encrypted_key))
            return [
                decrypts(own.material(), algorithm, plaintext, made.ciphertext),
                equal("decrypted", plaintext, undone.plaintext),
                equal("unwrapped", plaintext, unwrapped.key),
                seen.asked(),
            ]

        return play

    def verified_by_the_client(self, way: Any) -> Callable[[], Any]:
        async def play() -> Claims:
            algorithm: str = way.value
            _, key = await self._key(algorithm)
            client, seen = self.stand.cryptography(key), _Seen()
            digest = _digest(algorithm)
            signed = await settled(client.sign(way, digest))
            good, altered = [
                await settled(client.verify(way, value, signed.signature, raw_response_hook=seen))
                for value in (digest, _altered(digest))
            ]
            return [
                equal("verified", True, good.is_valid),
                equal("another digest verified", False, altered.is_valid),
                seen.asked(),
            ]

        return play

    async def own_cipher(self) -> Claims:
        _, key = await self._key("A256CBCPAD")
        seen = _Seen()
        way = self.stand.flavour.algorithms.EncryptionAlgorithm("A256CBCPAD")
        await settled(
            self.stand.cryptography(key).encrypt(way, b"text", iv=bytes(16), raw_response_hook=seen)
        )
        return [seen.asked()]

    async def own_wrap(self) -> Claims:
        _, key = await self._key("A256KW")
        seen = _Seen()
        way = self.stand.flavour.algorithms.KeyWrapAlgorithm("A256KW")
        made = await settled(
            self.stand.cryptography(key).wrap_key(way, bytes(32), raw_response_hook=seen)
        )
        refused = await self.stand.refusal(
            lambda: self.stand.remote(key).unwrap_key(way, made.encrypted_key)
        )
        return [seen.asked(), equal("the status of unwrapping", 400, refused and refused[0])]

    async def altered(self) -> Claims:
        _, key = await self._key("A256GCM")
        client = self.stand.cryptography(key)
        made = await settled(client.encrypt("A256GCM", b"text"))
        refused = await self.stand.refusal(
            lambda: client.decrypt(
                "A256GCM", made.ciphertext, iv=made.iv, authentication_tag=_altered(made.tag)
            )
        )
        return [equal("the status", 400, refused and refused[0])]

    async def by_identifier(self) -> Claims:
        made = await self.stand.small(self.stand.name("named"))
        seen = _Seen()
        client = self.stand.cryptography(made.id)
        digest = _digest("ES256")
        signed = await settled(client.sign("ES256", digest, raw_response_hook=seen))
        return [
            signs(coordinates(made), "ES256", digest, signed.signature),
            equal("the key", made.id, signed.key_id),
        ]

    async def private_key_object(self) -> Claims:
        own, key = await self._key("PS384")
        digest = hashes.SHA384()
        private = self.stand.cryptography(key).create_rsa_private_key()
        scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
        signature = private.sign(b"text", scheme, digest)
        hashed = hashes.Hash(digest)
        hashed.update(b"text")
        value = hashed.finalize()
        return [signs(own.material(), "PS384", value, signature)]


class _Seen:
    """Notes which operations the HSM was asked for; a hook that the client calls for a response."""

    def __init__(self) -> None:
        self._operations: list[str] = []

    def __call__(self, response: Any) -> None:
        url: str = response.http_request.url
        self._operations.append(url.partition("?")[0].rpartition("/")[2].lower())

    def asked(self, *expected: str) -> dict[str, Any]:
        """The claim that the HSM was asked for just these."""
        return equal("what the HSM was asked for", list(expected), self._operations)


def _altered(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])
