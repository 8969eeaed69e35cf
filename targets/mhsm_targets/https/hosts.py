"""The host of an instance: the one that a check writes, the one that it has, and where that is."""

from __future__ import annotations

import re

__all__ = ["HostSwap", "is_loopback"]


def is_loopback(host: str) -> bool:
    """Whether a host, without a port, is this machine itself."""
    if host in ("localhost", "::1", "[::1]") or host.endswith(".localhost"):
        return True
    return re.fullmatch(r"127(\.[0-9]{1,3}){3}", host, re.ASCII) is not None


class HostSwap:
    """Exchanges the two hosts in what the HSM answers.

    Both ways at once: an answer that shows the check's host where it should show its own is not
    made right by it.
    """

    def __init__(self, written: str, real: str) -> None:
        self._written = written.encode()
        self._real = real.encode()
        both = b"|".join(re.escape(host) for host in sorted({self._written, self._real}))
        # A host ends where no letter, digit, dot or hyphen goes on, so that one in another is none.
        self._either = re.compile(rb"(?<![A-Za-z0-9.-])(?:" + both + rb")(?![A-Za-z0-9.:-])")

    def inward(self, octets: bytes) -> bytes:
        """What the HSM answered, with the host that the check wrote."""
        if self._written == self._real:
            return octets
        return self._either.sub(self._other, octets)

    def _other(self, found: re.Match[bytes]) -> bytes:
        return self._written if found[0] == self._real else self._real
