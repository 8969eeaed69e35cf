"""A server for the length of a `with` block, in a process of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final

from mhsm_model.configuration import Configuration
from mhsm_model.tables.clouds import PUBLIC
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.server.complaints import ServerFaultError, complaint_in
from mhsm_targets.server.control_client import Controls
from mhsm_targets.server.credential import AsyncCredential, Credential
from mhsm_targets.server.options import ServeOptions, options_to_json
from mhsm_targets.server.ready import Ready, read_ready

__all__ = ["Served", "serving"]

_END_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class Served:
    """A running server.

    `url` is that of the first instance and `urls` those of all by name; `ca_file` is the
    certificate to trust, `credential` an object that Azure clients take; `ready` has the rest.
    """

    ready: Ready
    credential: Credential

    @property
    def url(self) -> str:
        """The URL of the first instance."""
        return next(iter(self.ready.urls.values()))

    @property
    def urls(self) -> dict[str, str]:
        """The URLs of all instances, by name."""
        return dict(self.ready.urls)

    @property
    def ca_file(self) -> str:
        """The path of the certificate (PEM) that clients must trust."""
        return self.ready.ca_file

    @property
    def async_credential(self) -> AsyncCredential:
        """The credential for clients of azure.*.aio."""
        return AsyncCredential(self.credential)

    @property
    def controls(self) -> Controls:
        """The test controls; raises ValueError where the server was started without."""
        if self.ready.controls_url is None:
            raise ValueError("the server was started without controls")
        return Controls(self.ready.controls_url)

    def token(self, principal: str = "tester") -> str:
        """A bearer token that all instances take. Raises OSError where the server is gone."""
        return Credential(self.ready, principal).token_for(PUBLIC.resource).token


@contextlib.contextmanager
def serving(
    target: str = "model",
    instances: Mapping[str, Configuration] | Sequence[str] = ("hsm-a",),
    *,
    port: int = 0,
    data: str | None = None,
    seed: int | None = None,
    controls: bool = False,
    static_token: str | None = None,
) -> Generator[Served]:
    """Serve the target on loopback while the block runs; see ServeOptions for what is taken.

    The server ends with the block, and with this process however that ends. Raises
    TargetUnavailableError where it does not start; the text says why. Raises ServerFaultError at
    the end of a block where something in the server went wrong that is no answer to a request.
    """
    named = (
        instances
        if isinstance(instances, Mapping)
        else {name: Configuration() for name in instances}
    )
    options = ServeOptions(
        target=target,
        instances=named,
        port=port,
        data=data,
        seed=seed,
        controls=controls,
        static_token=static_token,
        stops_with_input=True,
    )
    # Errors go to a file: a pipe that nobody reads would stop the server when it is full.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "mhsm_targets.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Ctrl-C is for the program that started it, which then ends it.
            start_new_session=True,
        )
        try:
            ready = _started(process, options, errors)
            yield Served(ready, Credential(ready))
        finally:
            _ended(process)
        errors.seek(0)
        complaint = complaint_in(errors.read())
        if complaint is not None:
            raise ServerFaultError(complaint)


def _started(process: subprocess.Popen[str], options: ServeOptions, errors: IO[str]) -> Ready:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(options_to_json(options) + "\n")
        process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        process.wait(_END_SECONDS)
        errors.seek(0)
        told = errors.read().strip().splitlines()
        raise TargetUnavailableError(told[-1] if told else "the server did not start")
    return read_ready(line)


def _ended(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
