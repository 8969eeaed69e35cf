"""Get: read a key version. GET /keys/{name}/{version}, or without a version for the current one."""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.bundles import bundle_in, revealed, revealed_material, shown_version
from mhsm_model.exchange import DeletedKeyBundle, GetKey, KeyBundle
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.material import Knowledge, Material
from mhsm_model.operations.existence import PRESENT
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.stored import STORED
from mhsm_model.situation import Situation
from mhsm_model.state import Active, Key

__all__ = ["GET_KEY", "known_key", "learnt_key", "shown_addressed"]


def shown_addressed(s: Situation[Any]) -> KeyBundle:
    """The bundle of the addressed version, as the emulator shows it."""
    version, material = s.version, s.material
    if version is None or material is None:
        raise ValueError("the guards let a missing version pass")
    return shown_version(KeyIdentifier(s.host, s.name), version, material, s.configuration)


def learnt_key(s: Situation[Any], reply: KeyBundle | DeletedKeyBundle) -> tuple[Key, Material]:
    """The key at the name, and the addressed version's material, once a reply has shown them."""
    bundle = bundle_in(reply)
    # Of a version whose birth we asked for, the material is known already; any other is older.
    held = s.material
    knowledge = Knowledge.OPEN if held is None else held.knowledge
    material = revealed_material(s, bundle, knowledge)
    version = revealed(bundle, material.identifier)
    key = known_key(s)
    if s.place is None:
        return key, material
    return key.with_version(s.place, version), material


def known_key(s: Situation[Any]) -> Key:
    """The key at the name; raises ValueError where there is none, which guards exclude."""
    key = s.key
    if key is None:
        raise ValueError("no key is at the name")
    return key


def _answer(s: Situation[GetKey], hand: Hand, /) -> KeyBundle:
    return shown_addressed(s)


def _effect(s: Situation[GetKey], reply: KeyBundle, /) -> Effect:
    """Nothing changes; the version is known."""
    key, material = learnt_key(s, reply)
    return Effect(Active(key), materials=(material,))


GET_KEY: Final[Operation[GetKey, KeyBundle]] = Operation(
    name="GetKey",
    request=GetKey,
    reply=KeyBundle,
    guards=(*PRESENT,),
    ensures=STORED,
    answers=_answer,
    effect=_effect,
)
