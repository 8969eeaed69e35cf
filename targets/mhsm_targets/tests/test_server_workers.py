"""Threads that do jobs for an event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from mhsm_targets.server.workers import Workers


def refused() -> None:
    raise ValueError("this is no work")


def test_a_job_is_done_in_another_thread_and_its_result_or_error_comes_back() -> None:
    async def asked() -> None:
        workers = Workers(2, "test")
        try:
            assert await workers.result_of(threading.get_ident) != threading.get_ident()
            with pytest.raises(ValueError, match="no work"):
                await workers.result_of(refused)
            assert await workers.result_of(lambda: 3) == 3
        finally:
            workers.close()

    asyncio.run(asked())


def test_as_many_jobs_as_there_are_threads_are_done_at_once() -> None:
    async def asked() -> None:
        workers = Workers(2, "test")
        meeting = threading.Barrier(2, timeout=30)
        try:
            both = (workers.result_of(meeting.wait), workers.result_of(meeting.wait))
            assert sorted(await asyncio.gather(*both)) == [0, 1]
        finally:
            workers.close()

    asyncio.run(asked())


def test_a_job_that_nobody_awaits_any_more_is_not_begun_and_disturbs_no_other() -> None:
    done: list[str] = []

    async def asked() -> None:
        workers = Workers(1, "test")
        held = threading.Event()
        try:
            workers.result_of(held.wait).cancel()
            workers.result_of(lambda: done.append("cancelled")).cancel()
            last = workers.result_of(lambda: done.append("last"))
            held.set()
            await last
        finally:
            workers.close()

    asyncio.run(asked())
    assert done == ["last"]


class Panic(BaseException):
    """How a library in another language may end."""


def test_a_thread_outlives_a_job_that_breaks() -> None:
    async def asked() -> int:
        workers = Workers(1, "test")
        try:
            with pytest.raises(RuntimeError, match="Panic: no more"):
                await workers.result_of(broken)
            async with asyncio.timeout(30):
                return await workers.result_of(lambda: 1)
        finally:
            workers.close()

    assert asyncio.run(asked()) == 1


def broken() -> None:
    raise Panic("no more")


def test_the_threads_end_after_the_jobs_that_are_there_though_the_loop_has_gone() -> None:
    workers = Workers(1, "ends-with-close")
    done: list[int] = []
    held = threading.Event()

    async def begun() -> None:
        workers.result_of(held.wait)
        workers.result_of(lambda: done.append(1))

    asyncio.run(begun())
    held.set()
    workers.close()
    workers.close()
    assert done == [1]
    assert not [each for each in threading.enumerate() if each.name.startswith("ends-with-close")]


def test_workers_that_were_given_nothing_have_no_threads() -> None:
    workers = Workers(1, "never-begun")
    assert not [each for each in threading.enumerate() if each.name.startswith("never-begun")]
    workers.close()
