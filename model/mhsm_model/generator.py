"""step(): one lawful behaviour of the service, made from the same tables that judge it.

The estate that step carries is the knowledge that the acceptor may have: the secrets are apart, in
the vault. While it decides, step lends the guards the secret of the addressed material, so that
they can tell what an outsider could not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, NamedTuple

from immutables import Map

from mhsm_model.alternatives import situations
from mhsm_model.belief import advanced, advanced_by, objections
from mhsm_model.bundles import known
from mhsm_model.configuration import Configuration
from mhsm_model.entropy import Entropy
from mhsm_model.exchange import (
    Call,
    Credential,
    GetDeletedKey,
    GetKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Malformed,
    NoOperation,
    Refused,
    Reply,
    Unauthenticated,
    Unmodelled,
)
from mhsm_model.operations import BY_REQUEST
from mhsm_model.operations.access import caller_is_authenticated
from mhsm_model.operations.operation import Effect, Operation
from mhsm_model.relations.secrets import Secret
from mhsm_model.rules import Guard, Perhaps
from mhsm_model.situation import Situation
from mhsm_model.state import Estate
from mhsm_model.tables.clouds import resource_under
from mhsm_model.tables.errors import Refusal, no_operation

__all__ = ["Step", "Vault", "answer", "answering", "step"]

Vault = Map[str, Secret]
"""The secrets of an estate by material identifier."""

Drop = Callable[[Guard[Any]], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """The estate and the vault after a call, and the reply to it."""

    estate: Estate
    vault: Vault
    reply: Reply


@dataclass(slots=True)
class _Hand:
    """What step lends an answer."""

    entropy: Entropy
    vault: Vault
    kept: dict[str, Secret]

    def secret(self, material: str) -> Secret:
        return self.vault[material]

    def keep(self, material: str, secret: Secret) -> None:
        self.kept[material] = secret


def _nothing(guard: Guard[Any]) -> bool:
    return False


def step(
    estate: Estate, vault: Vault, call: Call, entropy: Entropy, *, ignoring: Drop = _nothing
) -> Step:
    """Carry the call out in one lawful way.

    `estate` must hold one alternative at every name and no unknown members, as every estate does
    that began fresh and was only moved by step. `ignoring` is for emulators that are broken on
    purpose: guards it picks do not refuse. Raises KeyError for an unknown host and ValueError where
    an ignored guard leaves nothing that could be answered.
    """
    met = _met(estate, vault, call, entropy, ignoring)
    if not isinstance(met, _Met):
        return Step(advanced(estate), vault, met)
    situation, operation, hand = met.situation, met.operation, met.hand
    if met.refusal is not None:
        return _moved(estate, vault, call, situation, None, met.refusal)
    reply = operation.answers(situation, hand)
    grown = vault.update(hand.kept) if hand.kept else vault
    return _moved(estate, grown, call, situation, operation.effect(situation, reply), reply)


def answer(estate: Estate, vault: Vault, call: Call, entropy: Entropy) -> Reply:
    """The reply alone that `step` gives, for calls whose effect nobody needs.

    Takes and raises what `step` does.
    """
    reply = answering(estate, vault, call, entropy)
    return reply() if callable(reply) else reply


def answering(
    estate: Estate, vault: Vault, call: Call, entropy: Entropy
) -> Reply | Callable[[], Reply]:
    """The reply that `answer` gives where the call is refused, else what gives it when called.

    That is left to be done which takes long, the cryptography; it may be done in another thread.
    """
    met = _met(estate, vault, call, entropy, _nothing)
    if not isinstance(met, _Met):
        return met
    if met.refusal is not None:
        return met.refusal
    return partial(met.operation.answers, met.situation, met.hand)


class _Met(NamedTuple):
    """A situation that a call met, and the refusal that the guards have for it."""

    situation: Situation[Any]
    operation: Operation[Any, Any]
    hand: _Hand
    refusal: Reply | None


def _met(
    estate: Estate, vault: Vault, call: Call, entropy: Entropy, ignoring: Drop
) -> _Met | Reply:
    """The situation met, or the reply to what is no operation's."""
    request = call.request
    # Raises KeyError for an unknown host.
    instance = estate.instances[call.host]
    if isinstance(request, (Malformed, NoOperation, Unmodelled)):
        return _apart(instance.configuration, call, request, ignoring)
    situation = next(iter(situations(estate, call)))
    operation = BY_REQUEST[type(request)]
    lent = situation if isinstance(request, _WITHOUT_SECRETS) else _lending(situation, vault)
    asked = operation.guards
    if ignoring is not _nothing:
        asked = tuple(guard for guard in asked if not ignoring(guard))
    found = objections(asked, lent)
    fired = [_refusal(objection) for _, objection in found if _fires(objection)]
    refusal = _error(situation, fired[entropy.choice(len(fired))]) if fired else None
    return _Met(situation, operation, _Hand(entropy, vault, {}), refusal)


_WITHOUT_SECRETS: Final = (GetDeletedKey, GetKey, ListDeletedKeys, ListKeys, ListKeyVersions)
"""What is read without a look at any secret."""


def _fires(objection: Refusal | Perhaps) -> bool:
    return isinstance(objection, Refusal) or objection.emulated


def _refusal(objection: Refusal | Perhaps) -> Refusal:
    return objection.refusal if isinstance(objection, Perhaps) else objection


def _error(situation: Situation[Any], refusal: Refusal) -> Reply:
    if refusal.status == 401:
        return _challenge(situation.configuration)
    return refusal.reply()


def _challenge(configuration: Configuration) -> Unauthenticated:
    authority = known(configuration.authority)
    return Unauthenticated(authority, resource_under(authority))


def _apart(
    configuration: Configuration,
    call: Call,
    request: Malformed | NoOperation | Unmodelled,
    ignoring: Drop,
) -> Reply:
    """The answer to what no row of an operation carries out."""
    authenticated = call.credential is Credential.TOKEN or ignoring(caller_is_authenticated)
    if not authenticated:
        return _challenge(configuration)
    match request:
        case Malformed(problem=problem):
            return Refused(400, "BadParameter", problem)
        case NoOperation():
            return no_operation(request)
        case Unmodelled(operation=operation):
            return Refused(400, "NotSupported", f"{operation} is not supported")


def _lending(situation: Situation[Any], vault: Vault) -> Situation[Any]:
    material = situation.material
    if material is None or material.secret is not None:
        return situation
    secret = vault.get(material.identifier)
    lent = replace(material, secret=secret)
    materials = situation.estate.materials.set(material.identifier, lent)
    return replace(situation, estate=replace(situation.estate, materials=materials))


def _moved(
    estate: Estate,
    vault: Vault,
    call: Call,
    situation: Situation[Any],
    effect: Effect | None,
    reply: Reply,
) -> Step:
    after, _ = advanced_by(estate, call, [(situation, effect)], reply, lawful=True)
    if effect is not None and effect.forgotten:
        with vault.mutate() as mutation:
            for identifier in effect.forgotten:
                if identifier in mutation and identifier not in after.materials:
                    del mutation[identifier]
            vault = mutation.finish()
    return Step(after, vault, reply)
