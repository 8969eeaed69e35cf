"""Mutants whose instances are not apart: what one holds answers for another."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mhsm_model.alternatives import key_name
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    Call,
    Decrypt,
    OperationResult,
    Sign,
    UnwrapKey,
    Verification,
    Verify,
)
from mhsm_model.generator import Step
from mhsm_model.relations.encryption import Ciphertext, decrypted
from mhsm_model.relations.secrets import Secret
from mhsm_model.state import Absent, Estate
from mhsm_model.tables.algorithms import ALGORITHMS, Scheme
from mhsm_targets.mutants.mutant import wrong_configuration, wrong_state
from mhsm_targets.mutants.parts import entry_at

__all__: list[str] = []

_UNAUTHENTICATED: Final = (Scheme.AES_CBC, Scheme.AES_CBC_PAD, Scheme.RSAES_PKCS1)


def _secrets_elsewhere(call: Call, before: Estate, step: Step) -> Iterator[Secret]:
    """The secrets of the keys of that name in the other instances."""
    for host in before.instances:
        entry = entry_at(before, host, key_name(call.request))
        if host != call.host and not isinstance(entry, Absent):
            yield step.vault[entry.key.versions[-1].material]


@wrong_state("ISO-002")
def one_key_table_for_all_instances(call: Call, before: Estate, step: Step) -> Step:
    """Decrypts where nothing authenticates with the key of that name of another instance."""
    request, reply = call.request, step.reply
    if not isinstance(request, Decrypt | UnwrapKey) or not isinstance(reply, OperationResult):
        return step
    algorithm = ALGORITHMS[request.algorithm]
    if algorithm.scheme not in _UNAUTHENTICATED:
        return step
    sent = Ciphertext(request.ciphertext, request.iv, request.tag)
    for secret in _secrets_elsewhere(call, before, step):
        value = decrypted(algorithm, secret, sent, None)
        if value is not None:
            return replace(step, reply=replace(reply, value=value))
    return step


def _mac_of_the_name(call: Call, algorithm: str, message: bytes) -> bytes:
    name = (ALGORITHMS[algorithm].hash_name or "SHA-256").replace("-", "").lower()
    return hmac.new(key_name(call.request).encode(), message, getattr(hashlib, name)).digest()


@wrong_state("ISO-002")
def codes_of_the_name(call: Call, before: Estate, step: Step) -> Step:
    """Derives the key of HS256, HS384 and HS512 from the key's name."""
    request, reply = call.request, step.reply
    if not isinstance(request, Sign | Verify) or not request.algorithm.startswith("HS"):
        return step
    right = _mac_of_the_name(call, request.algorithm, request.digest)
    if isinstance(reply, OperationResult):
        return replace(step, reply=replace(reply, value=right))
    if isinstance(reply, Verification) and isinstance(request, Verify):
        return replace(step, reply=replace(reply, valid=right == request.signature))
    return step


@wrong_configuration("KBK-002")
def one_domain_for_all_instances(configuration: Configuration) -> Configuration:
    """Gives all instances one security domain."""
    return replace(configuration, domain="everyone")
