"""The child process of an instance: it alone has the PKCS#11 module loaded.

It reads an opening from its connection. It answers when it has logged in, again when the instance
is open, and then one message for each message, until the connection ends. Where the module is to be
asked for its facts, these are the second answer, and the last. Messages are JSON; bodies are
base64.
"""

from __future__ import annotations

import base64
import json
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pkcs11 import Attribute
from pkcs11.exceptions import PKCS11Error

from mhsm_model.wire.http import HttpRequest
from mhsm_targets.pkcs11.facts import module_facts
from mhsm_targets.pkcs11.facts_table import asks_module
from mhsm_targets.pkcs11.instance import Instance, opened_instance
from mhsm_targets.pkcs11.login import logged_in
from mhsm_targets.pkcs11.material import LostObjectError
from mhsm_targets.pkcs11.opening import Opening, read_opening
from mhsm_targets.pkcs11.probing import probed_facts
from mhsm_targets.pkcs11.record import RecordError
from mhsm_targets.pkcs11.service import answer
from mhsm_targets.pkcs11.softhsm import prepared_token
from mhsm_targets.pkcs11.token import Token
from mhsm_targets.pkcs11.turns import turn
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["run"]


def run(connection: Connection) -> None:
    """Serve one instance until the connection ends or the module fails."""
    token: Token | None = None
    try:
        opening = read_opening(connection.recv_bytes())
        try:
            token = _prepared(opening)
            _send(connection, {"logged_in": True})
            if asks_module(opening.facts):
                _send(connection, {"facts": _probed(token, opening)})
                return
            if not opening.host:
                # The token was to be prepared before it is known for which instance.
                opening = read_opening(connection.recv_bytes())
            instance = _opened(token, opening)
        except TargetUnavailableError as error:
            _send(connection, {"unavailable": str(error)})
            return
        told = {"opened": True, "swept": instance.swept, **_counts(instance)}
        _send(connection, told)
        while _served(connection, instance, opening):
            pass
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    finally:
        if token is not None:
            token.close()


def _prepared(opening: Opening) -> Token:
    """The token, made where it is ours and not there yet, with the user logged in."""
    begun = time.perf_counter()
    named = (opening.library, opening.token_label)
    if opening.folder is not None:
        prepared_token(Path(opening.folder), *named, opening.pin)
        token = Token(logged_in(*named, opening.pin))
    else:
        with turn(*named):
            token = Token(logged_in(*named, opening.pin))
    # To load, initialise and log in is time of the module too.
    token.seconds = time.perf_counter() - begun
    return token


def _probed(token: Token, opening: Opening) -> dict[str, Any]:
    try:
        return probed_facts(token)
    except PKCS11Error as error:
        raise _unfit(opening, error) from None


def _opened(token: Token, opening: Opening) -> Instance:
    facts = module_facts(opening.facts)
    try:
        return opened_instance(
            token, facts, opening.host, opening.configuration, opening.prefix, opening.secret
        )
    except (PKCS11Error, RecordError) as error:
        raise _unfit(opening, error) from None


def _unfit(opening: Opening, error: Exception) -> TargetUnavailableError:
    told = f"{type(error).__name__} {error}".strip()
    return TargetUnavailableError(
        f"the token {opening.token_label!r} cannot hold an instance: {told}"
    )


def _served(connection: Connection, instance: Instance, opening: Opening) -> bool:
    """Answer one message; whether there may be another."""
    message: dict[str, Any] = json.loads(connection.recv_bytes())
    if "clear" in message:
        left, reason = _left(instance.token, opening.prefix)
        _send(connection, {"left": left, "reason": reason})
        return True
    instance.now = message["now"]
    body = base64.b64decode(message["body"])
    request = HttpRequest(
        message["method"], message["host"], message["target"], message["headers"], body
    )
    try:
        response = answer(instance, request)
    except Exception as error:
        # Whatever it is, it is a failure of this exchange and must reach the report as one. What
        # the token has now, and whether the session goes on, a fresh child will find out.
        _send(connection, {"failed": _told(error), **_counts(instance)})
        return False
    document = {
        "status": response.status,
        "headers": dict(response.headers),
        "body": base64.b64encode(response.body).decode(),
    }
    _send(connection, {**document, **_counts(instance)})
    return True


def _told(error: Exception) -> str:
    what = f"{type(error).__name__} {error}".strip()
    if isinstance(error, PKCS11Error):
        return f"the PKCS#11 module fails: {what}"
    if isinstance(error, LostObjectError):
        return f"the token has lost an object: {what}"
    return f"the adapter fails: {what}"


def _counts(instance: Instance) -> dict[str, Any]:
    """The calls since the last message and their time in the module, in seconds."""
    token = instance.token
    told = {"calls": token.calls, "seconds": token.seconds}
    token.calls, token.seconds = 0, 0.0
    return told


def _left(token: Token, prefix: str) -> tuple[int, str]:
    """Destroy all objects of the instance and nothing else; how many are left, and why."""
    left, reason = 0, ""
    for part in ("record", "key", "domain"):
        for handle in token.found({Attribute.LABEL: f"{prefix}/{part}"}):
            try:
                token.destroy(handle)
            except PKCS11Error as error:
                left, reason = left + 1, type(error).__name__
    return left, reason


def _send(connection: Connection, document: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(document).encode())
