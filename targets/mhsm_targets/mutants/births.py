"""Mutants that make another key version than create or import asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mhsm_model.bundles import known
from mhsm_model.exchange import (
    Call,
    CreateKey,
    ImportKey,
    KeyBundle,
    ReleasePolicy,
    Reply,
    Request,
)
from mhsm_model.generator import Step
from mhsm_model.jwk import RsaPublic
from mhsm_model.moments import Interval
from mhsm_model.state import Active, Estate, Key, KeyVersion
from mhsm_targets.mutants.kinds import wrong_request, wrong_version
from mhsm_targets.mutants.mutant import wrong_call, wrong_reply, wrong_state
from mhsm_targets.mutants.parts import addressed, attributes_changed, entry_at, placed

__all__: list[str] = []


def _born(call: Call, reply: Reply) -> KeyBundle | None:
    birth = isinstance(call.request, CreateKey | ImportKey)
    return reply if birth and isinstance(reply, KeyBundle) else None


@wrong_state("KEY-006")
def create_keeps_the_version(call: Call, before: Estate, step: Step) -> Step:
    """Makes new material under the identifier of the present version."""
    present, request, reply = addressed(before, call), call.request, step.reply
    if present is None or not isinstance(request, CreateKey) or not isinstance(reply, KeyBundle):
        return step
    entry = entry_at(step.estate, call.host, request.name)
    if not isinstance(entry, Active):
        return step
    *_, made = entry.key.versions
    versions = (*entry.key.versions[:-2], replace(made, version=present.version))
    active = Active(replace(entry.key, versions=versions))
    shown = replace(reply, kid=replace(reply.kid, version=present.version))
    return replace(placed(step, call.host, request.name, active), reply=shown)


def _named(call: Call, step: Step, naming: Callable[[KeyBundle, Key], str]) -> Step:
    """The step whose new version has the identifier that comes of what is shown and of the key."""
    reply = _born(call, step.reply)
    entry = None if reply is None else entry_at(step.estate, call.host, reply.kid.name)
    if reply is None or not isinstance(entry, Active):
        return step
    place, name = len(entry.key.versions) - 1, naming(reply, entry.key)
    key = entry.key.with_version(place, replace(entry.key.versions[place], version=name))
    shown = replace(reply, kid=replace(reply.kid, version=name))
    return replace(placed(step, call.host, reply.kid.name, Active(key)), reply=shown)


@wrong_state("KEY-215")
def versions_are_counted(call: Call, before: Estate, step: Step) -> Step:
    """Names the versions of each key 1, 2, 3 and so on."""
    return _named(call, step, lambda _, key: f"{len(key.versions):032x}")


@wrong_state("KEY-215")
def first_versions_are_named_after_the_type(call: Call, before: Estate, step: Step) -> Step:
    """Names the first version of each key after the type of the key."""
    if addressed(before, call) is not None:
        return step
    return _named(call, step, lambda shown, _: shown.kty.encode().hex().zfill(32))


@wrong_request("KEY-021", CreateKey)
def exponent_is_ignored(request: CreateKey) -> Request:
    """Makes every RSA key with the public exponent 65537."""
    return replace(request, public_exponent=None)


@wrong_request("KEY-028", CreateKey)
def default_operations_only_sign(request: CreateKey) -> Request:
    """Permits a key whose creator names no operations to sign, and no more."""
    return replace(request, key_ops=request.key_ops or ("sign",))


@wrong_reply("KEY-028")
def import_without_operations(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows an imported key without operations where the JWK names none."""
    born = _born(call, reply)
    if born is None or not isinstance(call.request, ImportKey) or call.request.key.key_ops:
        return reply
    return replace(born, key_ops=())


@wrong_request("KEY-203", CreateKey)
def requested_operations_are_ignored(request: CreateKey) -> Request:
    """Gives every key the default operations of its type."""
    return replace(request, key_ops=None)


@wrong_request("KEY-203", ImportKey)
def imported_operations_are_ignored(request: ImportKey) -> Request:
    """Gives every imported key the default operations of its type."""
    return replace(request, key=replace(request.key, key_ops=None))


def _same_material(step: Step, call: Call, donor: KeyVersion | None) -> Step:
    made, reply = addressed(step.estate, call), step.reply
    if made is None or donor is None or not isinstance(reply, KeyBundle):
        return step
    own, other = step.estate.materials[made.material], step.estate.materials[donor.material]
    if own.public is None or own.kind != other.kind:
        return step
    name = reply.kid.name
    entry = entry_at(step.estate, call.host, name)
    if not isinstance(entry, Active):
        return step
    place = len(entry.key.versions) - 1
    key = entry.key.with_version(place, replace(made, material=donor.material))
    shown = replace(reply, public=other.public)
    return replace(placed(step, call.host, name, Active(key)), reply=shown)


@wrong_state("KEY-204")
def new_version_keeps_the_material(call: Call, before: Estate, step: Step) -> Step:
    """Makes a new version of the same kind with the material of the present one."""
    if not isinstance(call.request, CreateKey):
        return step
    return _same_material(step, call, addressed(before, call))


@wrong_state("KEY-204")
def instances_generate_alike(call: Call, before: Estate, step: Step) -> Step:
    """Generates for a name the material that another instance has under it."""
    if not isinstance(call.request, CreateKey):
        return step
    for host in before.instances:
        donor = addressed(before, replace(call, host=host))
        if host != call.host and donor is not None:
            return _same_material(step, call, donor)
    return step


@wrong_request("KEY-224", CreateKey)
def symmetric_keys_are_rsa(request: CreateKey) -> Request:
    """Makes an RSA key where a symmetric one was asked for."""
    if request.kty not in ("oct", "oct-HSM"):
        return request
    return replace(request, kty="RSA-HSM", key_size=None)


@wrong_request("KEY-225", CreateKey)
def rsa_size_is_ignored(request: CreateKey) -> Request:
    """Makes every RSA key with 2048 bits."""
    rsa = request.kty in ("RSA", "RSA-HSM") and request.key_size in (3072, 4096)
    return replace(request, key_size=None) if rsa else request


@wrong_request("KEY-226", CreateKey)
def curve_is_ignored(request: CreateKey) -> Request:
    """Makes every EC key on P-256."""
    return replace(request, crv="P-256") if request.crv == "P-256K" else request


@wrong_request("KEY-226", CreateKey)
def default_curve_is_p384(request: CreateKey) -> Request:
    """Makes an EC key on P-384 where no curve was asked for."""
    return (
        replace(request, crv="P-384")
        if request.kty in ("EC", "EC-HSM") and not request.crv
        else request
    )


@wrong_request("ATTR-001", CreateKey)
def new_keys_are_disabled(request: CreateKey) -> Request:
    """Enables a new key only where the request says so."""
    enabled = bool(request.attributes.enabled)
    return replace(request, attributes=replace(request.attributes, enabled=enabled))


@wrong_request("ATTR-001", ImportKey)
def imported_keys_are_enabled(request: ImportKey) -> Request:
    """Enables every imported key."""
    return replace(request, attributes=replace(request.attributes, enabled=None))


@wrong_request("ATTR-002", CreateKey)
def expiry_is_ignored(request: CreateKey) -> Request:
    """Makes keys that never expire."""
    return replace(request, attributes=replace(request.attributes, expires=None))


@wrong_call("ATTR-002")
def keys_start_now(call: Call, before: Estate) -> Call:
    """Gives a key whose request names no nbf the time of its creation."""
    request = call.request
    if not isinstance(request, CreateKey) or request.attributes.not_before is not None:
        return call
    asked = replace(request.attributes, not_before=call.time.earliest)
    return replace(call, request=replace(request, attributes=asked))


@wrong_reply("ATTR-203")
def exportable_is_not_shown_true(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers that a new key is not exportable though it is."""
    if _born(call, reply) is None:
        return reply
    return attributes_changed(reply, lambda shown: replace(shown, exportable=False))


@wrong_version("ATTR-203", CreateKey)
def every_key_is_exportable(call: Call, before: KeyVersion | None, made: KeyVersion) -> KeyVersion:
    """Makes every key exportable."""
    return replace(made, exportable=True)


@wrong_version("ATTR-204", CreateKey, ImportKey)
def updated_is_a_second_later(
    call: Call, before: KeyVersion | None, made: KeyVersion
) -> KeyVersion:
    """Stamps updated when the key is stored, a second after it was created."""
    later = made.created.earliest + 1
    return replace(made, updated=Interval(later, later))


@wrong_call("ATTR-205")
def clock_in_another_zone(call: Call, before: Estate) -> Call:
    """Takes the clock of a zone an hour ahead for UTC."""
    time = Interval(call.time.earliest + 3600, call.time.latest + 3600)
    return replace(call, time=time)


@wrong_request("ATTR-206", CreateKey)
def tags_are_ignored(request: CreateKey) -> Request:
    """Makes keys without tags."""
    return replace(request, tags=None)


@wrong_call("ATTR-206")
def new_version_inherits_tags(call: Call, before: Estate) -> Call:
    """Gives a new version the tags of the present one beside its own."""
    request, present = call.request, addressed(before, call)
    if not isinstance(request, CreateKey) or present is None:
        return call
    inherited = {**dict(known(present.tags)), **dict(request.tags or {})}
    return replace(call, request=replace(request, tags=inherited))


@wrong_reply("ATTR-206")
def no_tags_are_an_empty_object(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows an empty member tags for a new key that has none."""
    born = _born(call, reply)
    return reply if born is None or born.tags else replace(born, tags={})


@wrong_request("SKR-203", CreateKey)
def policies_are_immutable(request: CreateKey) -> Request:
    """Makes every release policy immutable."""
    policy = request.release_policy
    if policy is None:
        return request
    return replace(request, release_policy=replace(policy, immutable=True))


@wrong_reply("SKR-203")
def policy_without_content_type(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows a release policy without the content type that it was not sent with."""
    born = _born(call, reply)
    if born is None or born.release_policy is None:
        return reply
    return replace(born, release_policy=ReleasePolicy(born.release_policy.data, None, False))


@wrong_reply("SKR-203")
def policy_is_not_shown(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows no release policy in the answer to create."""
    born = _born(call, reply)
    return reply if born is None else replace(born, release_policy=None)


@wrong_reply("IMP-003")
def imported_modulus_as_sent(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows an imported modulus with the leading zero byte that it came with."""
    born, request = _born(call, reply), call.request
    if born is None or not isinstance(request, ImportKey) or not isinstance(born.public, RsaPublic):
        return reply
    return replace(born, public=replace(born.public, n=request.key.n or b""))


@wrong_request("IMP-003", ImportKey)
def import_generates(request: ImportKey) -> Request:
    """Makes a new key of the type sent instead of taking the one sent."""
    key = request.key
    if key.kty not in ("EC", "EC-HSM") or key.crv is None:
        return request
    return CreateKey(
        request.name, key.kty, crv=key.crv, attributes=request.attributes, tags=request.tags
    )


@wrong_reply("IMP-206")
def imported_type_as_sent(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows an imported key under just the type that it was sent with."""
    born = _born(call, reply)
    if born is None or not isinstance(call.request, ImportKey):
        return reply
    return replace(born, kty=call.request.key.kty or born.kty)
