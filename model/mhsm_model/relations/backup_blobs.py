"""Backup blobs as bytes: an opaque compact JWE.

Source: recorded backups, 12 of 12: protected header with alg, enc and kid, no encrypted key, an iv
of 16 bytes, 12,256 to 12,384 bytes of ciphertext in whole blocks, a tag of 32 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mhsm_model.base64url import decoded, encoded, is_base64url
from mhsm_model.entropy import Entropy

__all__ = ["BLOCK_BYTES", "HEADER", "IV_BYTES", "TAG_BYTES", "BlobParts", "made_blob", "parts_of"]

HEADER: Final = b'{"alg":"dir","enc":"A256CBC-HS512","kid":"backup-protection-key"}'
IV_BYTES: Final = 16
TAG_BYTES: Final = 32
BLOCK_BYTES: Final = 16
_LEAST_BLOCKS: Final = 766
_MOST_BLOCKS: Final = 774


@dataclass(frozen=True, slots=True)
class BlobParts:
    """The five parts of a compact JWE, decoded."""

    header: bytes
    encrypted_key: bytes
    iv: bytes
    ciphertext: bytes
    tag: bytes

    @property
    def random(self) -> tuple[bytes, bytes, bytes]:
        """The parts that no two blobs share."""
        return self.iv, self.ciphertext, self.tag


def parts_of(blob: bytes) -> BlobParts | None:
    """The parts of a blob, or None where it is no compact JWE."""
    # What is not ASCII has no letters of base64url either.
    parts = blob.decode("latin-1").split(".")
    if len(parts) != 5 or not all(is_base64url(part) for part in parts):
        return None
    return BlobParts(*(decoded(part) for part in parts))


def made_blob(entropy: Entropy) -> bytes:
    """A blob as the service makes them. What it stands for is the archive's to know."""
    blocks = _LEAST_BLOCKS + entropy.choice(_MOST_BLOCKS - _LEAST_BLOCKS + 1)
    ciphertext = entropy.octets(blocks * BLOCK_BYTES)
    parts = HEADER, b"", entropy.octets(IV_BYTES), ciphertext, entropy.octets(TAG_BYTES)
    return ".".join(encoded(part) for part in parts).encode()
