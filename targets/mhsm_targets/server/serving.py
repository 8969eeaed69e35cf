"""A server for the length of a `with` block, in a process of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mhsm_model.configuration import Configuration
from mhsm_model.tables.clouds import PUBLIC
from mhsm_targets.protocol import TargetUnavailableError
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
    TargetUnavailableError where it does not start; the text says why.
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
    process = subprocess.Popen(
        [sys.executable, "-m", "mhsm_targets.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        ready = _started(process, options)
        yield Served(ready, Credential(ready))
    finally:
        _ended(process)


def _started(process: subprocess.Popen[str], options: ServeOptions) -> Ready:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(options_to_json(options) + "\n")
        process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        told = process.stderr.read().strip().splitlines()
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
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
