"""A scene: the emulator's truth and an onlooker's belief, moved on together and held to the law."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from mhsm_model.acceptor import Strictness, accepts
from mhsm_model.alternatives import factor_at
from mhsm_model.configuration import Configuration
from mhsm_model.entropy import Entropy, SeededEntropy
from mhsm_model.exchange import (
    Call,
    CreateKey,
    Credential,
    KeyBundle,
    OperationResult,
    Refused,
    Reply,
    Request,
    Unauthenticated,
)
from mhsm_model.generator import Vault, step
from mhsm_model.judgement import Judgement
from mhsm_model.moments import Interval
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.state import Estate, Factor, Instance, Walk
from mhsm_model.unknown import Unknown

HOSTS: Final = ("hsm-a.managedhsm.azure.net", "hsm-b.managedhsm.azure.net")
START: Final = 1_900_000_000
STRICT: Final = Strictness(strict=True)

R = TypeVar("R", bound=Reply)


def estate_of(*configurations: Configuration, fresh: bool = True) -> Estate:
    """An estate with an instance for each configuration, at the hosts in turn."""
    estate = Estate()
    for host, configuration in zip(HOSTS, configurations, strict=False):
        estate = estate.with_instance(host, Instance(configuration, fresh=fresh))
    return estate


@dataclass
class Scene:
    """The emulator's estate and vault, a clock, and the law checked at every call."""

    estate: Estate
    entropy: Entropy
    vault: Vault = field(default_factory=Vault)
    clock: int = START

    def call(
        self,
        request: Request,
        host: str = HOSTS[0],
        credential: Credential | Unknown = Credential.TOKEN,
        api_version: str | Unknown | None = LATEST_RECORDED,
    ) -> Call:
        return Call(host, request, Interval(self.clock, self.clock), api_version, credential)

    def carry_out(self, call: Call) -> tuple[Reply, Judgement]:
        """Let the emulator answer, and the acceptor judge what it answered from the same belief."""
        moved = step(self.estate, self.vault, call, self.entropy)
        judgement = accepts(self.estate, call, moved.reply, STRICT)
        self.estate, self.vault = moved.estate, moved.vault
        return moved.reply, judgement

    def send(self, request: Request, host: str = HOSTS[0]) -> Reply:
        """Carry the request out; the exchange must be lawful."""
        reply, judgement = self.carry_out(self.call(request, host))
        assert (judgement.breaches, judgement.warnings) == ((), ())
        return reply

    def expect(self, kind: type[R], request: Request, host: str = HOSTS[0]) -> R:
        """Carry the request out, and give the reply, which must be of that kind."""
        reply = self.send(request, host)
        assert isinstance(reply, kind), reply
        return reply

    def created(self, request: CreateKey) -> KeyBundle:
        return self.expect(KeyBundle, request)

    def result(self, request: Request) -> OperationResult:
        return self.expect(OperationResult, request)


def scene(*configurations: Configuration, seed: int = 0) -> Scene:
    """A scene with a fresh instance for each configuration, or with two of the default one."""
    chosen = configurations or (Configuration(), Configuration())
    return Scene(estate_of(*chosen), SeededEntropy(seed))


def judged(estate: Estate, call: Call, reply: Reply) -> Judgement:
    return accepts(estate, call, reply, STRICT)


def is_refusal(reply: Reply) -> bool:
    return isinstance(reply, Refused | Unauthenticated)


def entries_at(estate: Estate, name: str, host: str = HOSTS[0]) -> tuple[object, ...]:
    return factor_at(estate.instances[host], name).entries


def difference(belief: Estate, truth: Estate) -> str | None:
    """Where the belief does not contain the truth, or None.

    The belief may hold more alternatives at a name and more material; everything else is equal.
    """
    if set(belief.instances) != set(truth.instances):
        return "other instances"
    for host, actual in truth.instances.items():
        believed = belief.instances[host]
        for name in {*actual.factors, *believed.factors}:
            one, other = factor_at(believed, name), factor_at(actual, name)
            if not set(other.entries) <= set(one.entries):
                return f"{host}/{name}: {other.entries} is not among {one.entries}"
        lowered = replace(believed, factors=actual.factors, walks=actual.walks)
        if lowered != actual or not _walks_agree(believed.walks.values(), actual.walks.values()):
            return f"{host}: {lowered} instead of {actual}"
    for identifier, material in truth.materials.items():
        if belief.materials.get(identifier) != material:
            return f"material {identifier}"
    lowered_estate = replace(belief, instances=truth.instances, materials=truth.materials)
    return None if lowered_estate == truth else "the estate's own members"


def _walks_agree(believed: Iterable[Walk], actual: Iterable[Walk]) -> bool:
    return {walk.listed for walk in actual} == {walk.listed for walk in believed}


def is_exact(estate: Estate) -> bool:
    """Whether one alternative stands at every name."""
    factors: list[Factor] = [f for i in estate.instances.values() for f in i.factors.values()]
    return all(len(factor.entries) == 1 for factor in factors)
