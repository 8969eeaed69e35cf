"""What a client may ask of a new version: operations, dates, tags and release policy."""

from __future__ import annotations

from typing import Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import CreateKey, ImportKey, UpdateKey
from mhsm_model.operations.existence import name_is_short_enough
from mhsm_model.rules import Guard, Objection, Perhaps, guard
from mhsm_model.situation import Situation
from mhsm_model.sources import (
    ABOUT_KEYS,
    KEY_ATTRIBUTES,
    KEY_OPERATIONS,
    RECORDED_CLI,
    RECORDED_JS,
    RECORDED_PYTHON,
    REST,
)
from mhsm_model.tables.errors import bad_parameter, unseen
from mhsm_model.tables.key_operations import KEY_OPERATIONS as PERMITTED
from mhsm_model.tables.quirks import Quirk
from mhsm_model.tables.release_policies import has_short_version, has_version

__all__ = ["REQUESTED", "TAG_CHARACTERS", "requested_operations"]

Birth = CreateKey | ImportKey
Described = CreateKey | ImportKey | UpdateKey

TAG_CHARACTERS: Final = 256
"""The longest tag name and tag value. Source: about keys, tags."""

_SECURE_WRAP = frozenset({"secureWrapKey", "secureUnwrapKey"})


def requested_operations(request: Described) -> tuple[str, ...] | None:
    """The `key_ops` a request names, or None where it names none."""
    return request.key.key_ops if isinstance(request, ImportKey) else request.key_ops


@guard(
    "KEY-029",
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(name_is_short_enough,),
)
def operations_are_known(s: Situation[Described], /) -> Objection:
    """Refuse key_ops that name anything but an operation of the schema, in its exact case."""
    if set(requested_operations(s.request) or ()) <= PERMITTED:
        return None
    return unseen(400, "BadParameter", "key_ops has an unknown operation")


@guard(
    "KEY-030",
    level=Level.OPEN,
    basis=Basis.DOCUMENTED,
    sources=(KEY_OPERATIONS,),
    presupposes=(operations_are_known,),
)
def import_stands_alone(s: Situation[Described], /) -> Objection:
    """Refuse key_ops that name import beside another operation."""
    operations = set(requested_operations(s.request) or ())
    if "import" not in operations or operations == {"import"}:
        return None
    refusal = unseen(400, "BadParameter", "import excludes every other operation")
    return Perhaps(refusal, emulated=True)


@guard(
    "ATTR-011",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(KEY_ATTRIBUTES,),
    presupposes=(name_is_short_enough,),
)
def expiry_follows_start(s: Situation[Described], /) -> Objection:
    """Refuse an exp that is not after nbf."""
    asked = s.request.attributes
    if asked.not_before is None or asked.expires is None or asked.expires > asked.not_before:
        return None
    return Perhaps(unseen(400, "BadParameter", "exp must be after nbf"), emulated=True)


@guard(
    "ATTR-016",
    basis=Basis.DOCUMENTED,
    sources=(ABOUT_KEYS,),
    presupposes=(name_is_short_enough,),
)
def tags_are_few(s: Situation[Described], /) -> Objection:
    """Refuse more than 15 tags."""
    if len(s.request.tags or ()) <= s.configuration.maximum_tags:
        return None
    return unseen(400, "BadParameter", "Too many tags")


@guard(
    "ATTR-216",
    basis=Basis.DOCUMENTED,
    sources=(ABOUT_KEYS,),
    presupposes=(name_is_short_enough,),
)
def tags_are_short(s: Situation[Described], /) -> Objection:
    """Refuse a tag whose name or value has more than 256 characters."""
    tags = s.request.tags or {}
    if all(len(name) <= TAG_CHARACTERS >= len(value) for name, value in tags.items()):
        return None
    return unseen(400, "BadParameter", "A tag is too long")


@guard(
    "SKR-001",
    basis=Basis.OBSERVED,
    sources=(RECORDED_PYTHON, RECORDED_JS),
    presupposes=(name_is_short_enough,),
)
def exportable_key_has_a_policy(s: Situation[Birth], /) -> Objection:
    """Refuse an exportable key without a release policy: 400 BadParameter."""
    if not s.request.attributes.exportable or s.request.release_policy is not None:
        return None
    return bad_parameter("Exportable keys must have release policy")


@guard(
    "SKR-002",
    basis=Basis.OBSERVED,
    sources=(RECORDED_PYTHON, RECORDED_JS),
    presupposes=(name_is_short_enough,),
)
def policy_is_for_an_exportable_key(s: Situation[Birth], /) -> Objection:
    """Refuse a release policy for a key that is not exportable: 400 BadParameter."""
    if s.request.release_policy is None or s.request.attributes.exportable:
        return None
    if set(requested_operations(s.request) or ()) & _SECURE_WRAP:
        # Keys for secure wrapping are released by policy without being exportable (recorded).
        return None
    return bad_parameter("Non-exportable keys must not have release policy")


@guard(
    "SKR-003",
    basis=Basis.OBSERVED,
    sources=(RECORDED_PYTHON, RECORDED_CLI),
    presupposes=(name_is_short_enough,),
)
def policy_has_a_version(s: Situation[Birth], /) -> Objection:
    """Refuse a release policy whose text lacks the member version: 400 BadParameter."""
    policy = s.request.release_policy
    refusal = bad_parameter("Key Release Policy: missing 'version' property")
    if policy is None:
        return None
    if not has_version(policy.data):
        return refusal
    short = Quirk.SHORT_POLICY_VERSION in s.configuration.quirks and has_short_version(policy.data)
    return Perhaps(refusal) if short else None


REQUESTED: tuple[Guard[Birth], ...] = (
    operations_are_known,
    import_stands_alone,
    expiry_follows_start,
    tags_are_few,
    tags_are_short,
    exportable_key_has_a_policy,
    policy_is_for_an_exportable_key,
    policy_has_a_version,
)
