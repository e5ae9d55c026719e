"""Background tasks: what happens when one ends that should not, and when work fails that is repeated."""

import asyncio
import os
from contextlib import suppress
from typing import Never

import pytest
from structlog.typing import EventDict

from service.kernel.tasks import Tasks, Work, repeated
from tests.running.application import figure
from tests.running.waiting import DEADLINE_SECONDS


class Exhausted(Exception):
    """What some work fails with."""


async def last() -> Never:
    """Work as it should be."""
    await asyncio.Event().wait()
    raise AssertionError


async def fail() -> Never:
    """Work that fails unexpectedly."""
    raise Exhausted


async def be_cancelled() -> Never:
    """Work that waits for something that is cancelled, so that it is too."""
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future
    raise AssertionError


def run(**work: Work) -> None:
    """Run work, and a program that would go on for ever."""

    async def program() -> None:
        async with Tasks(**work):
            await last()

    asyncio.run(program())


@pytest.mark.parametrize(("work", "error"), [(fail, Exhausted), (be_cancelled, asyncio.CancelledError)])
def test_a_task_that_dies_is_told_and_takes_the_process_along(
    work: Work, error: type[BaseException], log_lines: list[EventDict]
) -> None:
    with pytest.raises(SystemExit) as left:
        run(other=work, **dict.fromkeys(map("neighbour_{}".format, range(20)), last))
    assert left.value.code == os.EX_SOFTWARE == 70
    [line] = log_lines
    assert (line["event"], line["log_level"], line["task"]) == ("Background task died", "error", "other")
    assert isinstance(line["exception"], error)


def test_nothing_is_told_of_tasks_that_are_ended(log_lines: list[EventDict]) -> None:
    async def program() -> asyncio.Task[Never]:
        async with Tasks(work=last):
            [task] = [task for task in asyncio.all_tasks() if task.get_name() == "work"]
            await asyncio.sleep(0)
        return task

    assert asyncio.run(program()).cancelled()
    assert log_lines == []


def test_work_that_loses_a_cancellation_is_ended_all_the_same(log_lines: list[EventDict]) -> None:
    """A library may mistake it for a fault of its own. A service that was told to stop went on for ever."""
    begun = asyncio.Event()

    async def deaf() -> Never:
        begun.set()
        with suppress(asyncio.CancelledError):
            await last()
        await last()

    async def program() -> None:
        async with asyncio.timeout(DEADLINE_SECONDS), Tasks(work=deaf):
            await begun.wait()

    asyncio.run(program())
    assert log_lines == []


def test_work_that_fails_is_told_and_counted_and_done_again(log_lines: list[EventDict]) -> None:
    before = figure("signals_background_failures_total", work="errand")
    done = asyncio.Event()
    outcomes = iter([Exhausted(), Exhausted(), None])

    async def errand() -> None:
        outcome = next(outcomes, None)
        if outcome is not None:
            raise outcome
        done.set()

    async def program() -> None:
        async with Tasks(errand=repeated("errand", errand, 0.001)):
            await done.wait()

    asyncio.run(program())
    assert figure("signals_background_failures_total", work="errand") == before + 2
    assert [(line["event"], line["log_level"], line["work"]) for line in log_lines] == [
        ("Background work failed", "warning", "errand")
    ] * 2
    assert all(isinstance(line["exception"], Exhausted) for line in log_lines)
