"""Update: change what may be done with a version. PATCH /keys/{name}/{version}.

Members that are not sent stay. `tags` and `key_ops` replace what was there; an empty `key_ops`
takes the list away, and later replies have none (recorded).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from immutables import Map

from mhsm_model.bundles import (
    POLICY_FILLED_SINCE,
    attributes_mismatch,
    point,
    shown_version,
    stored_policy,
)
from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import KeyBundle, UpdateKey
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch, expect
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.operations.access import is_older
from mhsm_model.operations.existence import PRESENT, version_exists
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.reading import known_key, learnt_key
from mhsm_model.operations.requested import (
    expiry_follows_start,
    import_stands_alone,
    operations_are_known,
    tags_are_few,
    tags_are_short,
)
from mhsm_model.operations.shape import SHAPE
from mhsm_model.operations.stored import (
    the_material_never_changes,
    the_version_addressed_is_shown,
)
from mhsm_model.rules import Objection, Perhaps, guard, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import RECORDED_GO, RECORDED_JS, RECORDED_PYTHON, REST
from mhsm_model.state import NO_TAGS, Active, KeyVersion
from mhsm_model.tables.errors import bad_parameter, unseen
from mhsm_model.tables.release_policies import same_policy_text
from mhsm_model.unknown import UNKNOWN, Unknown

__all__ = ["UPDATE_KEY"]

_RECORDED: Final = (RECORDED_GO, RECORDED_PYTHON)


@guard("SKR-004", basis=Basis.OBSERVED, sources=(RECORDED_GO,), presupposes=(version_exists,))
def immutable_policy_stays(s: Situation[UpdateKey], /) -> Objection:
    """Refuse to change a release policy that is immutable: 400 BadParameter."""
    version = s.version
    if version is None or s.request.release_policy is None:
        return None
    refusal = bad_parameter("Immutable Release policy cannot be modified")
    stored = version.release_policy
    if isinstance(stored, Unknown):
        return Perhaps(refusal)
    return refusal if stored is not None and stored.immutable else None


@guard(
    "ATTR-013",
    level=Level.MAY,
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(version_exists,),
)
def exportable_stays(s: Situation[UpdateKey], /) -> Objection:
    """Refuse to change whether a version is exportable, or leave it as it was."""
    version, asked = s.version, s.request.attributes.exportable
    if version is None or asked is None or asked == version.exportable:
        return None
    return Perhaps(unseen(400, "BadParameter", "exportable cannot be changed"), emulated=True)


def _updated(s: Situation[UpdateKey], version: KeyVersion) -> KeyVersion:
    """The version as the request leaves it; members that were unknown and not sent stay unknown."""
    asked = s.request.attributes
    made = version
    if s.request.key_ops is not None:
        made = replace(made, key_ops=frozenset(s.request.key_ops) or None)
    if s.request.tags is not None:
        made = replace(made, tags=Map(s.request.tags) if s.request.tags else NO_TAGS)
    if asked.enabled is not None:
        made = replace(made, enabled=asked.enabled)
    if asked.not_before is not None:
        made = replace(made, not_before=asked.not_before)
    if asked.expires is not None:
        made = replace(made, expires=asked.expires)
    policy = s.request.release_policy
    if policy is not None:
        filled = not is_older(s, POLICY_FILLED_SINCE)
        made = replace(made, release_policy=stored_policy(policy, filled=filled))
    return replace(made, updated=s.now)


@postcondition("KEY-230", basis=Basis.OBSERVED, sources=_RECORDED)
def operations_follow_the_update(s: Situation[UpdateKey], reply: KeyBundle, /) -> Finding:
    """Replace key_ops by those sent, take an empty list away, keep the list where none is sent."""
    version = s.version
    wanted = UNKNOWN if version is None else _updated(s, version).key_ops
    if wanted is UNKNOWN:
        return VACUOUS
    shown = None if reply.key_ops is None else frozenset(reply.key_ops)
    return expect(shown == wanted, f"key_ops {_words(wanted)}", _words(shown))


def _words(operations: frozenset[str] | None) -> str:
    return "absent" if operations is None else ", ".join(sorted(operations))


@postcondition("ATTR-012", basis=Basis.OBSERVED, sources=_RECORDED)
def attributes_follow_the_update(s: Situation[UpdateKey], reply: KeyBundle, /) -> Finding:
    """Set the attributes sent and keep the others."""
    version = s.version
    if version is None:
        return VACUOUS
    wanted = _updated(s, version)
    known = (wanted.enabled, wanted.not_before, wanted.expires, wanted.exportable)
    if all(isinstance(value, Unknown) for value in known):
        return VACUOUS
    return attributes_mismatch(wanted, reply.attributes) or HELD


@postcondition("ATTR-230", basis=Basis.OBSERVED, sources=_RECORDED)
def tags_follow_the_update(s: Situation[UpdateKey], reply: KeyBundle, /) -> Finding:
    """Replace all tags by those sent, and keep them where none are sent."""
    version = s.version
    wanted = UNKNOWN if version is None else _updated(s, version).tags
    if wanted is UNKNOWN:
        return VACUOUS
    if reply.tags is not None and not reply.tags and s.request.tags is None:
        return Mismatch("no member tags", "an empty member tags")
    shown = Map(reply.tags or {})
    return expect(shown == wanted, f"tags {dict(wanted)}", f"tags {dict(shown)}")


@postcondition("ATTR-231", basis=Basis.OBSERVED, sources=_RECORDED)
def updated_is_now(s: Situation[UpdateKey], reply: KeyBundle, /) -> Finding:
    """Keep created and show as updated the second in which the update was carried out."""
    version, shown = s.version, reply.attributes
    if version is None or shown.created is None or shown.updated is None:
        return VACUOUS
    if shown.created not in version.created:
        return Mismatch(f"created {version.created}", f"created {shown.created}")
    if shown.updated == version.updated.exact and _asks_nothing(s.request):
        return VACUOUS
    return expect(shown.updated in s.now, f"updated {s.now}", f"updated {shown.updated}")


def _asks_nothing(asked: UpdateKey) -> bool:
    attributes = asked.attributes
    sent = (asked.key_ops, asked.tags, asked.release_policy)
    values = (attributes.enabled, attributes.not_before, attributes.expires)
    return all(value is None for value in (*sent, *values))


@postcondition("SKR-230", basis=Basis.OBSERVED, sources=(RECORDED_PYTHON, RECORDED_JS))
def policy_follows_the_update(s: Situation[UpdateKey], reply: KeyBundle, /) -> Finding:
    """Replace the release policy by the one sent, and keep it where none is sent."""
    version = s.version
    wanted = UNKNOWN if version is None else _updated(s, version).release_policy
    shown = reply.release_policy
    if isinstance(wanted, Unknown):
        return VACUOUS
    if wanted is None or shown is None:
        return VACUOUS if wanted is shown else Mismatch(f"policy {wanted}", f"policy {shown}")
    if (wanted.content_type, bool(wanted.immutable)) != (shown.content_type, bool(shown.immutable)):
        return Mismatch(f"policy {wanted}", f"policy {shown}")
    same = same_policy_text(wanted.data, shown.data, hosts_masked=s.call.host_masked)
    return expect(same, "the policy last sent", "another policy")


def _answer(s: Situation[UpdateKey], hand: Hand, /) -> KeyBundle:
    version, material = s.version, s.material
    if version is None or material is None:
        raise ValueError("the guards let a missing version pass")
    changed = replace(_updated(s, version), updated=point(s.now.earliest))
    return shown_version(KeyIdentifier(s.host, s.name), changed, material, s.configuration)


def _effect(s: Situation[UpdateKey], reply: KeyBundle, /) -> Effect:
    """The one version has the attributes, tags and policy that were asked for."""
    key, material = learnt_key(s, reply)
    return Effect(
        Active(key),
        materials=(material,),
        changes=True,
        version=reply.kid.version,
        told=reply.attributes.updated,
    )


def _lost(s: Situation[UpdateKey], /) -> tuple[Effect, ...]:
    key, version = s.active, s.version
    if key is None or version is None or s.place is None:
        return ()
    return (Effect(Active(known_key(s).with_version(s.place, _updated(s, version)))),)


UPDATE_KEY: Final[Operation[UpdateKey, KeyBundle]] = Operation(
    name="UpdateKey",
    request=UpdateKey,
    reply=KeyBundle,
    guards=(
        *PRESENT,
        operations_are_known,
        import_stands_alone,
        expiry_follows_start,
        tags_are_few,
        tags_are_short,
        immutable_policy_stays,
        exportable_stays,
    ),
    ensures=(
        *SHAPE,
        the_version_addressed_is_shown,
        the_material_never_changes,
        operations_follow_the_update,
        attributes_follow_the_update,
        tags_follow_the_update,
        updated_is_now,
        policy_follows_the_update,
    ),
    answers=_answer,
    effect=_effect,
    lost=_lost,
)
