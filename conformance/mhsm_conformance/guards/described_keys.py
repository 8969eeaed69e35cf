"""How to break the guards about what a new or changed version is to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mhsm_conformance.guards.breaking import Attempt, breaks
from mhsm_conformance.guards.scenes import EC, OCT, POLICY, RSA, SUBJECT, request_in_scene
from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import CreateKey, ImportKey, ReleasePolicy, Request, RequestedAttributes
from mhsm_model.jwk import JsonWebKey

__all__: list[str] = []

_EXPORTABLE = RequestedAttributes(exportable=True)


def _described(hsm: InstanceSession, kind: type[Any], **members: Any) -> Iterator[Attempt]:
    """The request of a scene with members that it must not have, and without them."""
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, **members))
    yield Attempt(request)


def _with_operations(hsm: InstanceSession, kind: type[Any], *operations: str) -> Iterator[Attempt]:
    request = request_in_scene(hsm, kind)
    if isinstance(request, ImportKey):
        yield Attempt(replace(request, key=replace(request.key, key_ops=operations)))
    else:
        yield Attempt(replace(request, key_ops=operations))
    yield Attempt(request)


@breaks("KEY-029")
def unknown_operation(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An operation in the wrong case."""
    yield from _with_operations(hsm, kind, "Sign")


@breaks("KEY-030")
def import_beside_another(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """The operation import beside another."""
    yield from _with_operations(hsm, kind, "import", "sign")


@breaks("ATTR-011")
def expiry_before_start(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An exp that is before nbf."""
    asked = RequestedAttributes(not_before=1_600_000_000, expires=1_500_000_000)
    yield from _described(hsm, kind, attributes=asked)


@breaks("ATTR-016")
def sixteen_tags(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """One tag more than a version may have, and just as many."""
    tags = {f"tag-{number}": "value" for number in range(16)}
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, tags=tags))
    yield Attempt(replace(request, tags=dict(list(tags.items())[:15])))


@breaks("ATTR-216")
def long_tag(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A tag of one character too many, and of just as many as it may have."""
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, tags={"t": "v" * 257}))
    yield Attempt(replace(request, tags={"t": "v" * 256}))


@breaks("SKR-001")
def exportable_without_policy(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An exportable key without a policy, and with one."""
    request = replace(request_in_scene(hsm, kind), attributes=_EXPORTABLE)
    yield Attempt(request)
    yield Attempt(replace(request, release_policy=POLICY))


@breaks("SKR-002")
def policy_without_exportable(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A policy for a key that is not exportable."""
    yield from _described(hsm, kind, release_policy=POLICY)


@breaks("SKR-003")
def policy_without_version(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A policy that lacks the member version, and one that has it."""
    request = replace(request_in_scene(hsm, kind), attributes=_EXPORTABLE)
    yield Attempt(replace(request, release_policy=ReleasePolicy(b'{"anyOf":[]}')))
    yield Attempt(replace(request, release_policy=POLICY))


# --- create ---------------------------------------------------------------------------------------


def _instead(refused: Request, granted: Request) -> Iterator[Attempt]:
    yield Attempt(refused)
    yield Attempt(granted)


@breaks("KEY-220")
def unknown_type(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A key type in the wrong case."""
    yield from _instead(CreateKey(SUBJECT, "ec"), EC)


@breaks("KEY-025")
def odd_size(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An AES key of a size that AES has not."""
    yield from _instead(replace(OCT, key_size=512), OCT)


@breaks("KEY-221")
def odd_curve(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A curve that the service lacks, and one that it has."""
    yield from _instead(replace(EC, crv="P-224"), replace(EC, crv="P-521"))


@breaks("KEY-222")
def odd_exponent(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A public exponent that is no usual one, and one that is."""
    yield from _instead(replace(RSA, public_exponent=1), replace(RSA, public_exponent=3))


@breaks("KEY-223")
def no_size(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An AES key whose request names no size."""
    yield from _instead(replace(OCT, key_size=None), OCT)


@breaks("KEY-031")
def operation_of_another_type(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An EC key that is to encrypt."""
    yield from _instead(replace(EC, key_ops=("encrypt", "sign")), EC)


# --- import ---------------------------------------------------------------------------------------


def _imported(refused: JsonWebKey, granted: str) -> Iterator[Attempt]:
    yield Attempt(ImportKey(SUBJECT, refused))
    yield Attempt(ImportKey(SUBJECT, sample_key(granted)))


@breaks("IMP-201")
def no_type(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A JWK without kty."""
    yield from _imported(replace(sample_key("EC P-256"), kty=None), "EC P-256")


@breaks("IMP-202")
def type_of_no_key(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A JWK of a type that the schema lacks."""
    yield from _imported(replace(sample_key("EC P-256"), kty="DH"), "EC P-256")


@breaks("IMP-001")
def no_private_part(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A JWK that has its public members alone."""
    yield from _imported(replace(sample_key("EC P-384"), d=None), "EC P-384")


@breaks("KEY-027")
def sixty_five_bytes(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A symmetric key of one byte more than the parser takes."""
    yield from _imported(sample_key("oct 520"), "oct 256")


@breaks("IMP-203")
def seventeen_bytes(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A symmetric key of a size that AES has not."""
    yield from _imported(sample_key("oct 136"), "oct 128")


@breaks("IMP-204")
def small_modulus(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An RSA key of 1024 bits."""
    yield from _imported(sample_key("RSA 1024"), "RSA 2048")


@breaks("IMP-205")
def curve_of_no_key(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An EC key on a curve that the service lacks."""
    yield from _imported(replace(sample_key("EC P-256"), crv="P-224"), "EC P-256")


@breaks("IMP-005")
def contradictory_members(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An RSA key with the private exponent of another."""
    other = sample_key("RSA 2048", 1)
    yield from _imported(replace(sample_key("RSA 2048"), d=other.d), "RSA 2048")
