"""Mutants that give an imported secret away, each somewhere else and in another form."""

from __future__ import annotations

import base64
from dataclasses import replace

from mhsm_model.base64url import encoded
from mhsm_model.exchange import Call, KeyBundle, Refused
from mhsm_model.generator import Step
from mhsm_model.jwk import JsonWebKey
from mhsm_model.material import Knowledge
from mhsm_model.relations.secrets import jwk_of
from mhsm_model.state import Estate
from mhsm_model.wire.http import HttpRequest
from mhsm_model.wire.request_decoding import decode_request
from mhsm_targets.mutants.kinds import wrong_headers
from mhsm_targets.mutants.mutant import wrong_state
from mhsm_targets.mutants.parts import addressed

__all__: list[str] = []


def _imported(call: Call, estate: Estate, step: Step) -> JsonWebKey | None:
    """The addressed version's key, with what is private of it, where it was imported."""
    version = addressed(estate, call)
    if version is None or estate.materials[version.material].knowledge is not Knowledge.KNOWN:
        return None
    return jwk_of(step.vault[version.material])


def _sent(sent: HttpRequest) -> bytes | None:
    """The private scalar, exponent or value of the key that the request brings."""
    key: JsonWebKey | None = getattr(decode_request(sent), "key", None)
    return None if key is None else key.d or key.k


@wrong_state("KEY-213")
def error_names_the_secret_in_hexadecimal(call: Call, before: Estate, step: Step) -> Step:
    """Ends the message of an error about an imported key with its secret, as a log line would."""
    key = _imported(call, before, step) if isinstance(step.reply, Refused) else None
    if key is None or not isinstance(step.reply, Refused):
        return step
    message = f"{step.reply.message} [{(key.d or key.k or b'').hex()}]"
    return replace(step, reply=replace(step.reply, message=message))


@wrong_state("KEY-213")
def error_names_a_prime_in_decimal(call: Call, before: Estate, step: Step) -> Step:
    """Ends the message of an error about an imported RSA key with one of its primes."""
    key = _imported(call, before, step) if isinstance(step.reply, Refused) else None
    if key is None or key.q is None or not isinstance(step.reply, Refused):
        return step
    message = f"{step.reply.message} (q={int.from_bytes(key.q)})"
    return replace(step, reply=replace(step.reply, message=message))


@wrong_state("KEY-213")
def tags_keep_the_secret(call: Call, before: Estate, step: Step) -> Step:
    """Shows an imported key's secret among its tags."""
    key = _imported(call, step.estate, step) if isinstance(step.reply, KeyBundle) else None
    if key is None or not isinstance(step.reply, KeyBundle):
        return step
    text = encoded(key.d or key.k or b"")
    return replace(step, reply=replace(step.reply, tags={**(step.reply.tags or {}), "key": text}))


@wrong_headers("KEY-213")
def trace_has_the_secret(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Traces an import in a header, with the secret in capital hexadecimal digits."""
    secret = _sent(sent)
    if secret is not None:
        headers["x-ms-trace"] = f"import {secret.hex().upper()}"


@wrong_headers("KEY-213")
def trace_has_the_secret_in_a_record(
    sent: HttpRequest, status: int, headers: dict[str, str]
) -> None:
    """Traces an import in a header, as base64 of a record that ends in the secret."""
    secret = _sent(sent)
    if secret is not None:
        headers["x-ms-trace"] = base64.b64encode(b"key=" + secret + b";").decode()
