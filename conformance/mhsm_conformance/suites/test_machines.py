"""Random sequences of calls over two instances."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mhsm_conformance.machines.lifecycle import LifecycleMachine
from mhsm_conformance.opening import HOSTS, Bench
from mhsm_conformance.session import Session
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey, Credential, DeleteKey, GetKey, KeyBundle


@pytest.mark.exercises("FRAME-001", "FRAME-002", "FRAME-003", "FRAME-004", "ERR-201")
@pytest.mark.parametrize("domain", [None, "shared"])
def test_lifecycle_and_cryptography(mhsm_bench: Bench, domain: str | None) -> None:
    """Keys of two instances live, change, sign, encrypt, come back and die in any order."""
    configurations = {host: Configuration(domain=domain) for host in HOSTS}
    _disturb(mhsm_bench.open(configurations))

    class Machine(LifecycleMachine):
        def opened(self, seed: int) -> Session:
            return mhsm_bench.open(configurations, seed)

    effort = mhsm_bench.effort
    phases = (Phase.generate, Phase.shrink) if mhsm_bench.shrinks else (Phase.generate,)
    configured = settings(
        max_examples=effort.examples,
        stateful_step_count=effort.steps,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
        print_blob=False,
    )
    seeded = seed(mhsm_bench.seed)(Machine)
    run_state_machine_as_test(seeded, settings=configured)


def _disturb(session: Session) -> None:
    """See a version stay as it was, whatever is beside it: few random sequences may not."""
    first, other = (session.at(host) for host in session.hosts)
    born = first.send(CreateKey("still", "EC", crv="P-256"))
    still = GetKey("still", born.kid.version if isinstance(born, KeyBundle) else None)
    first.send(DeleteKey("still"), credential=Credential.ANONYMOUS)
    first.send(still)
    for instance, name in ((first, "still"), (first, "beside"), (other, "still")):
        instance.send(CreateKey(name, "EC", crv="P-256"))
        first.send(still)
