"""What costs something or leaves something behind: told before it begins, cleared in the end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator

from mhsm_targets.protocol import PlannedFactory, TargetFactory, TargetUnavailableError

__all__ = ["as_planned"]


@contextlib.contextmanager
def as_planned(factory: TargetFactory, tell: Callable[[str], None]) -> Generator[None]:
    """Tell what targets of the factory will do, and clear what they left, however the block ends.

    `tell` gets sentences. What cannot be cleared is told and raises nothing: what was found out is
    not the worse for it.
    """
    if not isinstance(factory, PlannedFactory):
        yield
        return
    for line in factory.plan():
        tell(line)
    try:
        yield
    finally:
        _finish(factory, tell)


def _finish(factory: PlannedFactory, tell: Callable[[str], None]) -> None:
    try:
        for line in factory.finish():
            tell(line)
    except TargetUnavailableError as error:
        tell(str(error))
    except KeyboardInterrupt:
        tell("Interrupted while it cleared what was made. " + factory.plan()[-1])
