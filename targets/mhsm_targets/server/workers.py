"""Threads that do one job after another for an event loop.

A job of `concurrent.futures` costs the loop's thread a lock, a condition and two futures, about a
tenth of an RSA signature; here it is one future of the loop's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

__all__ = ["Workers"]

T = TypeVar("T")


class _Job(Generic[T]):
    """Something to do, and the future that awaits its result."""

    __slots__ = ("_done", "_loop", "_work")

    def __init__(self, work: Callable[[], T], loop: asyncio.AbstractEventLoop) -> None:
        self._work = work
        self._loop = loop
        self._done: asyncio.Future[T] = loop.create_future()

    @property
    def done(self) -> asyncio.Future[T]:
        """The result."""
        return self._done

    def carry_out(self) -> None:
        """Do it, in a thread that is not the loop's, unless nobody awaits it any more."""
        if self._done.cancelled():
            return
        try:
            result = self._work()
        except Exception as error:
            self._tell(self._fail, error)
        except BaseException as error:
            # A library in another language ends so where it breaks; the thread goes on.
            self._tell(self._fail, RuntimeError(f"{type(error).__name__}: {error}"))
        else:
            self._tell(self._succeed, result)

    def _tell(self, told: Callable[[Any], None], what: Any) -> None:
        # A loop that is closed by now has nobody left who awaits anything.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(told, what)

    def _succeed(self, result: T) -> None:
        if not self._done.cancelled():
            self._done.set_result(result)

    def _fail(self, error: Exception) -> None:
        if not self._done.cancelled():
            self._done.set_exception(error)


class Workers:
    """So many threads, which begin with the first job."""

    def __init__(self, count: int, name: str) -> None:
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(count)
        ]
        self._has_begun = False

    def result_of(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """What the work gives or raises, in the loop that is running."""
        if not self._has_begun:
            self._has_begun = True
            for thread in self._threads:
                thread.start()
        job = _Job(work, asyncio.get_running_loop())
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Let the threads end after the jobs that are there; calling it twice is fine."""
        if self._has_begun:
            for _ in self._threads:
                self._jobs.put(None)
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.carry_out()
