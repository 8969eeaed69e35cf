"""Strategies for the parts of requests. Small pools, so that draws meet each other again."""

from __future__ import annotations

import hashlib
from typing import Final

from hypothesis import strategies as st

from mhsm_model.exchange import CreateKey, RequestedAttributes
from mhsm_model.tables.algorithms import ALGORITHMS
from mhsm_model.tables.key_types import CURVES, OCT_BITS

__all__ = [
    "ALGORITHM_NAMES",
    "attributes",
    "cheap_kinds",
    "creations",
    "digests",
    "names",
    "operations",
    "ordinals",
    "plaintexts",
    "tags",
]

ALGORITHM_NAMES: Final = tuple(ALGORITHMS)
_NAMES: Final = ("alpha", "beta", "gamma")
_OPERATIONS: Final = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")

names = st.sampled_from(_NAMES)
"""Key names: a few, so that keys are met again."""

ordinals = st.integers(0, 3)
"""Which of the versions made so far, oldest first; never a value that a service chose."""

operations = st.none() | st.lists(st.sampled_from(_OPERATIONS), unique=True, max_size=4).map(tuple)
tags = st.none() | st.dictionaries(st.sampled_from("ab"), st.sampled_from("xyz"), max_size=2)

attributes = st.builds(
    RequestedAttributes,
    enabled=st.sampled_from((None, None, True, False)),
    not_before=st.sampled_from((None, None, 1_500_000_000, 2_500_000_000)),
    expires=st.sampled_from((None, None, 1_600_000_000, 2_600_000_000)),
)
"""Attributes; dates are years away from any clock that a test runs by."""

digests = st.sampled_from(("sha256", "sha384", "sha512")).map(
    lambda name: hashlib.new(name, b"the text").digest()
) | st.binary(max_size=40)

plaintexts = st.integers(0, 40).map(lambda length: bytes(range(length)))

cheap_kinds = st.sampled_from(
    (*(("EC", curve) for curve in CURVES), *(("oct", bits) for bits in OCT_BITS))
)
"""Key kinds that cost nothing to make: (kty, curve or size in bits)."""


@st.composite
def creations(draw: st.DrawFn, *, rsa: bool = True) -> CreateKey:
    """Requests to create a key, most of them lawful; RSA keys are drawn now and then."""
    name = draw(names)
    kty, detail = draw(cheap_kinds)
    if rsa and draw(st.integers(0, 9)) == 0:
        kty, detail = "RSA", 2048
    crv = detail if isinstance(detail, str) else None
    size = detail if isinstance(detail, int) else None
    return CreateKey(
        name=name,
        kty=kty,
        key_size=size,
        crv=crv,
        key_ops=draw(operations),
        attributes=draw(attributes),
        tags=draw(tags),
    )
