"""An exchange of each operation, as the specification run forwards answers it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from mhsm_conformance.explaining.message_text import request_text, response_text
from mhsm_conformance.guards.scenes import request_in_scene
from mhsm_conformance.opening import HOSTS
from mhsm_conformance.session import Session
from mhsm_model.configuration import Configuration
from mhsm_model.operations import OPERATIONS
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.registry import target_factory

__all__ = ["operation_examples"]

_CONFIGURATIONS: Final = {HOSTS[0]: Configuration()}


@cache
def operation_examples() -> Mapping[str, tuple[str, str]]:
    """By the name of the operation, a request that is carried out and the response, as text."""
    factory = target_factory("model")
    found: dict[str, tuple[str, str]] = {}
    for row in OPERATIONS:
        target = factory.open(_CONFIGURATIONS, 0)
        try:
            session = Session(target, factory.profile, _CONFIGURATIONS)
            request = request_in_scene(session.at(HOSTS[0]), row.request)
            sent = encode_request(request, HOSTS[0], LATEST_RECORDED, target.token)
            answered = target.exchange(sent)
        finally:
            target.close()
        if answered is None:
            raise RuntimeError(f"the emulator gave no answer to {row.name}")
        found[row.name] = (request_text(sent), response_text(answered))
    return found
