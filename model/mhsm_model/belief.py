"""How the estate moves on: after an exchange, after a lost reply, after what is not modelled.

The acceptor and the generator both advance the estate here, so that what one may know is what the
other has become.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from immutables import Map

from mhsm_model.alternatives import UNTOLD, addressed_name, factor_at, situations
from mhsm_model.archive import Archive
from mhsm_model.bundles import bundle_in
from mhsm_model.exchange import (
    Call,
    DeletedKeyBundle,
    KeyBundle,
    Malformed,
    NoOperation,
    Reach,
    Reply,
    RestoreKey,
    Unauthenticated,
    Unmodelled,
)
from mhsm_model.material import Knowledge, Material
from mhsm_model.operations import BY_REQUEST
from mhsm_model.operations.operation import Effect
from mhsm_model.relations.facts import point_of
from mhsm_model.rules import Guard, Perhaps
from mhsm_model.situation import Situation
from mhsm_model.state import Absent, Entry, Estate, Factor, Instance
from mhsm_model.tables.errors import Refusal
from mhsm_model.unknown import UNKNOWN

__all__ = [
    "POSSIBILITIES",
    "advanced",
    "advanced_by",
    "after_loss",
    "challenged",
    "objections",
    "widened",
]

POSSIBILITIES: Final = 12
"""How many alternatives may stand at one name before a judgement is inconclusive."""

Step = tuple[Situation[Any], Effect | None]


def advanced(estate: Estate) -> Estate:
    """The estate after an exchange that neither changed nor told anything."""
    return replace(estate, serial=estate.serial + 1)


def advanced_by(
    estate: Estate, call: Call, steps: list[Step], reply: Reply, *, lawful: bool
) -> tuple[Estate, bool]:
    """The estate after an exchange that met one of the situations, each with its effect.

    An effect is None where the call was refused. Where the reply was unlawful, what was believed
    before stays possible. The second result is True where too many possibilities were left and the
    belief about the name was given up.
    """
    name = addressed_name(estate, call.request, reply)
    after = advanced(estate)
    instance = _learnt_configuration(after.instances[call.host], reply, lawful=lawful)
    if not name:
        replaced = next((e.instance for _, e in steps if e is not None and e.instance), None)
        if replaced is not None and lawful:
            instance = replace(replaced, configuration=instance.configuration)
        return after.with_instance(call.host, instance), False
    factor = factor_at(instance, name)
    entries = _entries(factor, steps, lawful=lawful)
    too_many = len(entries) > POSSIBILITIES
    if too_many:
        entries = UNTOLD.entries
    effects = [effect for _, effect in steps if effect is not None]
    instance = _with_walks(instance, effects)
    shown = isinstance(reply, KeyBundle | DeletedKeyBundle)
    moved = _factor(factor, entries, effects, after.serial, shown=shown)
    instance = _placed(instance, name, moved)
    changing = [effect for effect in effects if effect.changes]
    if changing:
        instance = _changed(instance, name, after.serial)
        after = _changed_instance(after, call.host)
    materials = _materials(after.materials, steps, entries, lawful=lawful)
    points = _points(after.points, materials, steps) if lawful else after.points
    # What was handed out as a blob is one, also where its form is wrong.
    archive = _archive(after.archive, effects)
    told = [effect.told for effect in effects if effect.told is not None and lawful]
    now = max((after.now, *told))
    after = replace(after, materials=materials, points=points, archive=archive, now=now)
    return after.with_instance(call.host, instance), too_many


def _entries(factor: Factor, steps: list[Step], *, lawful: bool) -> tuple[Entry, ...]:
    possible: dict[Entry, None] = {}
    for situation, effect in steps:
        if effect is None:
            possible[situation.kept] = None
        else:
            possible[effect.entry] = None
            possible.update(dict.fromkeys(effect.also_possible))
    if not lawful:
        # The reply may have lied about anything: what was stays possible, and so does what the
        # request asked for.
        possible.update(dict.fromkeys(factor.entries))
        for situation, _ in steps:
            possible.update((effect.entry, None) for effect in _asked_for(situation))
    return tuple(possible)


def _asked_for(situation: Situation[Any]) -> tuple[Effect, ...]:
    """What may have happened if the request had its effect, whatever was replied."""
    operation = BY_REQUEST[type(situation.request)]
    found = objections(operation.guards, situation)
    if any(isinstance(objection, Refusal) for _, objection in found):
        return ()
    return operation.lost(situation)


def _factor(
    factor: Factor, entries: tuple[Entry, ...], effects: list[Effect], serial: int, *, shown: bool
) -> Factor:
    if not effects:
        return replace(factor, entries=entries, refused=serial)
    changing = [effect for effect in effects if effect.changes]
    if changing:
        version = changing[0].version
        return Factor(entries, serial, factor.refused, serial, version)
    # Only a reply that shows the key confirms what it is.
    return replace(factor, entries=entries, confirmed=serial if shown else factor.confirmed)


def _placed(instance: Instance, name: str, factor: Factor) -> Instance:
    nothing = all(isinstance(entry, Absent) for entry in factor.entries)
    if nothing and instance.fresh:
        if name not in instance.factors:
            return instance
        return replace(instance, factors=instance.factors.delete(name))
    return replace(instance, factors=instance.factors.set(name, factor))


def _changed(instance: Instance, name: str, serial: int) -> Instance:
    before = instance.changed if instance.changed[1] != name else instance.changed_before
    walks = instance.walks
    for place, walk in walks.items():
        walks = walks.set(place, replace(walk, changed=walk.changed | {name}))
    return replace(instance, changed=(serial, name), changed_before=before, walks=walks)


def _changed_instance(estate: Estate, host: str) -> Estate:
    before = estate.changed if estate.changed[1] != host else estate.changed_before
    return replace(estate, changed=(estate.serial, host), changed_before=before)


def _with_walks(instance: Instance, effects: list[Effect]) -> Instance:
    replaced = next((effect.instance for effect in effects if effect.instance is not None), None)
    return instance if replaced is None else replace(instance, walks=replaced.walks)


def _materials(
    materials: Map[str, Material],
    steps: list[Step],
    entries: tuple[Entry, ...],
    *,
    lawful: bool,
) -> Map[str, Material]:
    gone = all(isinstance(entry, Absent) for entry in entries)
    for situation, effect in steps:
        if not lawful:
            for asked in _asked_for(situation):
                materials = _with(materials, asked.materials)
        if effect is None:
            continue
        materials = _with(materials, effect.materials)
        # Nothing is learnt of a function from a reply that lied.
        if lawful and effect.facts and situation.version is not None:
            held = materials.get(situation.version.material)
            if held is not None:
                materials = materials.set(held.identifier, held.learning(effect.facts))
        for identifier in effect.forgotten if gone else ():
            held = materials.get(identifier)
            # Imported material may stand under other names too, generated material may not.
            if held is not None and held.knowledge is not Knowledge.KNOWN:
                materials = materials.delete(identifier)
    return materials


def _with(materials: Map[str, Material], learnt: Iterable[Material]) -> Map[str, Material]:
    """The materials with more; what was only generated or found is known once it is imported."""
    for material in learnt:
        held = materials.get(material.identifier)
        if held is None:
            materials = materials.set(material.identifier, material)
        elif material.knowledge is Knowledge.KNOWN and held.knowledge is not Knowledge.KNOWN:
            known = replace(material, facts=held.facts)
            materials = materials.set(material.identifier, known)
    return materials


def _points(
    points: Map[bytes, str], materials: Map[str, Material], steps: list[Step]
) -> Map[bytes, str]:
    """Which material gave each point, with those of the steps; open material may be any other."""
    for situation, effect in steps:
        if effect is None or not effect.points or situation.version is None:
            continue
        held = materials.get(situation.version.material)
        if held is None or held.knowledge is Knowledge.OPEN:
            continue
        with points.mutate() as mutation:
            for fact in effect.points:
                mutation[point_of(fact)] = held.identifier
            points = mutation.finish()
    return points


def _archive(archive: Archive, effects: list[Effect]) -> Archive:
    """The archive with the blob that was given out; the key in it is one of what was possible."""
    made = [effect.backup for effect in effects if effect.backup is not None]
    if not made:
        return archive
    blob, backup = made[0]
    keys = tuple(dict.fromkeys(key for _, other in made for key in other.keys))
    return archive.with_backup(blob, replace(backup, keys=keys))


def _learnt_configuration(instance: Instance, reply: Reply, *, lawful: bool) -> Instance:
    configuration = instance.configuration
    if lawful and isinstance(reply, Unauthenticated):
        return _learnt_authority(instance, reply)
    if not lawful or not isinstance(reply, KeyBundle | DeletedKeyBundle):
        return instance
    shown = bundle_in(reply).attributes
    if configuration.retention_days is UNKNOWN and shown.recoverable_days is not None:
        learnt = replace(
            configuration,
            retention_days=shown.recoverable_days,
            purge_protection="Purgeable" not in (shown.recovery_level or ""),
        )
        return replace(instance, configuration=learnt)
    return instance


def _learnt_authority(instance: Instance, reply: Unauthenticated) -> Instance:
    if instance.configuration.authority is not UNKNOWN or reply.authority is None:
        return instance
    learnt = replace(instance.configuration, authority=reply.authority)
    return replace(instance, configuration=learnt)


def challenged(estate: Estate, call: Call, reply: Unauthenticated) -> Estate:
    """The estate after a challenge to a request that is not modelled, or is none."""
    after = advanced(estate)
    return after.with_instance(call.host, _learnt_authority(after.instances[call.host], reply))


def objections(
    guards: Iterable[Guard[Any]], situation: Situation[Any]
) -> list[tuple[Guard[Any], Refusal | Perhaps]]:
    """The objections of all guards of which no presupposition refuses."""
    found: list[tuple[Guard[Any], Refusal | Perhaps]] = []
    closed: set[int] = set()
    for guard in guards:
        if closed and any(id(needed) in closed for needed in guard.presupposes):
            # What presupposes this one cannot be asked either.
            closed.add(id(guard))
            continue
        objection = guard.objects(situation)
        if objection is None:
            continue
        found.append((guard, objection))
        if isinstance(objection, Refusal):
            closed.add(id(guard))
    return found


def after_loss(estate: Estate, call: Call) -> Estate:
    """The estate after a reply that never arrived: the effect may have happened or not."""
    request = call.request
    if isinstance(request, Unmodelled | Malformed):
        return widened(estate, call)
    if isinstance(request, NoOperation):
        return advanced(estate)
    name = addressed_name(estate, request)
    after = advanced(estate)
    if not name:
        unknown = isinstance(request, RestoreKey) and not after.instances[call.host].fresh
        return _emptied(after, call.host) if unknown else after
    possible: dict[Entry, None] = {}
    for situation in situations(estate, call):
        possible[situation.kept] = None
        for effect in _asked_for(situation):
            possible[effect.entry] = None
            after = replace(after, materials=_with(after.materials, effect.materials))
    instance = after.instances[call.host]
    entries = tuple(possible) if len(possible) <= POSSIBILITIES else UNTOLD.entries
    before = factor_at(instance, name)
    instance = _placed(instance, name, replace(before, entries=entries))
    if set(entries) <= set(before.entries):
        return after.with_instance(call.host, instance)
    after = _changed_instance(after, call.host)
    return after.with_instance(call.host, _changed(instance, name, after.serial))


def widened(estate: Estate, call: Call) -> Estate:
    """The estate after something that is not modelled: what it may have reached is not known."""
    request, after = call.request, advanced(estate)
    if isinstance(request, NoOperation):
        return _emptied(after, call.host)
    if isinstance(request, Malformed):
        # Whatever it was taken for, it named its key.
        request = Unmodelled(request.operation, Reach.NAME, request.name)
    if not isinstance(request, Unmodelled) or request.reach is Reach.NOTHING:
        return after
    instance = after.instances[call.host]
    if request.reach is Reach.DOMAIN:
        foreign = replace(instance.configuration, domain=UNKNOWN)
        return after.with_instance(call.host, replace(instance, configuration=foreign))
    if request.reach is Reach.USE:
        return _loosened(after, instance, request.name or "")
    if request.reach is Reach.NAME and request.name is not None:
        factors = instance.factors.set(request.name, UNTOLD)
        loosened = replace(instance, factors=factors, restoring=UNKNOWN)
        loosened = _changed(loosened, request.name, after.serial)
        return _changed_instance(after, call.host).with_instance(call.host, loosened)
    return _emptied(after, call.host)


def _emptied(estate: Estate, host: str) -> Estate:
    """The estate in which anything may be at any name of the instance."""
    emptied = replace(
        estate.instances[host],
        factors=Map[str, Factor](),
        fresh=False,
        restoring=UNKNOWN,
        walks=Map(),
    )
    return estate.with_instance(host, emptied)


def _loosened(estate: Estate, instance: Instance, name: str) -> Estate:
    """The estate in which the key's material may have computed what nobody saw."""
    materials = estate.materials
    for entry in factor_at(instance, name).entries:
        if isinstance(entry, Absent):
            continue
        for version in entry.key.versions:
            held = materials.get(version.material)
            if held is not None and held.knowledge is Knowledge.CLOSED:
                opened = replace(held, knowledge=Knowledge.OPEN)
                materials = materials.set(held.identifier, opened)
    return replace(estate, materials=materials)
