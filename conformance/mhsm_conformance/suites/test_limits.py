"""Limits: what an instance, a key and a version hold, and not one more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from mhsm_conformance.opening import HOSTS
from mhsm_conformance.session import InstanceSession, Session
from mhsm_conformance.suites.test_refusals import EC, JWK
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey, GetKey, ImportKey, UpdateKey

Opening = Callable[[Mapping[str, Configuration]], Session]


@pytest.mark.exercises("KEY-007", "ERR-201")
def test_too_many_versions(open_session: Opening) -> None:
    """A key takes as many versions as the limit, and not one more."""
    hsm = open_session({HOSTS[0]: Configuration(maximum_versions=3)}).at(HOSTS[0])
    for _ in range(4):
        hsm.send(EC)
    hsm.send(ImportKey("subject", JWK))
    hsm.send(CreateKey("another", "EC"))


@pytest.mark.exercises("ATTR-016", "ATTR-216", "ERR-201")
def test_tags_to_the_limit(hsm: InstanceSession) -> None:
    """A version takes 15 tags of 256 characters, and not one more or one longer."""
    tags = {f"{number:0256}": "v" * 256 for number in range(15)}
    for request in (EC, UpdateKey("subject")):
        hsm.send(replace(request, tags=tags))
        hsm.send(replace(request, tags={**tags, "one": "more"}))
        hsm.send(replace(request, tags={"one": "v" * 257}))
    hsm.send(GetKey("subject"))


@pytest.mark.exercises("LIM-002", "ERR-201")
def test_too_many_keys(open_session: Opening) -> None:
    """An instance takes as many keys as the limit, and not one more."""
    hsm = open_session({HOSTS[0]: Configuration(maximum_keys=3)}).at(HOSTS[0])
    for number in range(4):
        hsm.send(CreateKey(f"key-{number}", "EC"))
    hsm.send(ImportKey("another", JWK))
    hsm.send(CreateKey("key-1", "EC"))
