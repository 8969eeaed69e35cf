"""Seeded entropy: the same seed gives the same stream, other seeds and other draws give others."""

from __future__ import annotations

from collections import Counter

import pytest

from mhsm_model.entropy import SeededEntropy
from mhsm_model.jwk import EcPublic, RsaPublic
from mhsm_model.relations.public_keys import is_point
from mhsm_model.relations.secrets import public_of
from mhsm_model.tables.key_types import CURVES, PUBLIC_EXPONENTS


def stream(seed: int | bytes) -> list[object]:
    entropy = SeededEntropy(seed)
    keys = [public_of(entropy.ec(curve)) for curve in CURVES]
    return [entropy.octets(16), entropy.choice(10**9), entropy.octets(3), *keys]


def test_the_same_seed_gives_the_same_stream() -> None:
    assert stream(7) == stream(7)
    assert stream(b"seed") == stream(b"seed")


def test_other_seeds_give_other_streams() -> None:
    drawn = [SeededEntropy(seed).octets(16) for seed in range(500)]
    assert len(set(drawn)) == 500


def test_no_draw_repeats_another() -> None:
    entropy = SeededEntropy(0)
    assert len({entropy.octets(16) for _ in range(500)}) == 500


def test_a_stream_does_not_depend_on_the_machine() -> None:
    assert SeededEntropy(0).octets(8).hex() == "ce09640e2e724a05"


def test_choices_are_within_bounds_and_none_is_left_out() -> None:
    entropy = SeededEntropy(1)
    drawn = Counter(entropy.choice(7) for _ in range(700))
    assert set(drawn) == set(range(7))
    assert min(drawn.values()) > 50


def test_no_choice_draws_nothing() -> None:
    one, other = SeededEntropy(1), SeededEntropy(1)
    assert one.choice(1) == 0
    assert one.octets(4) == other.octets(4)


@pytest.mark.parametrize("curve", CURVES)
def test_ec_keys_are_points_and_differ(curve: str) -> None:
    entropy = SeededEntropy(2)
    points = [public_of(entropy.ec(curve)) for _ in range(5)]
    assert len(set(points)) == 5
    assert all(isinstance(point, EcPublic) and is_point(point) for point in points)


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("exponent", PUBLIC_EXPONENTS)
def test_rsa_keys_have_the_size_and_the_exponent(exponent: int, pooled: bool) -> None:
    public = public_of(SeededEntropy(3, pooled=pooled).rsa(2048, exponent))
    assert isinstance(public, RsaPublic)
    assert public.bits == 2048
    assert int.from_bytes(public.e) == exponent


@pytest.mark.parametrize("bits", [1024, 3072, 4096])
def test_rsa_keys_have_a_modulus_of_exactly_the_size(bits: int) -> None:
    secret = SeededEntropy(4).rsa(bits, 65537)
    numbers = secret.key.private_numbers()
    assert (numbers.p * numbers.q).bit_length() == bits
    assert numbers.p.bit_length() == numbers.q.bit_length() == bits // 2


def test_pooled_rsa_keys_differ_within_a_stream_and_agree_between_streams() -> None:
    one, other = SeededEntropy(5), SeededEntropy(6)
    first, second = public_of(one.rsa(2048, 65537)), public_of(one.rsa(2048, 65537))
    assert first != second
    assert public_of(other.rsa(2048, 65537)) == first


def test_rsa_keys_from_the_stream_differ_by_seed() -> None:
    keys = [public_of(SeededEntropy(seed, pooled=False).rsa(1024, 3)) for seed in (1, 2)]
    assert keys[0] != keys[1]
