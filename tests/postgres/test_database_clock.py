"""The clock of the database and that of the service are compared."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from structlog.typing import EventDict

from service.kernel.limits import Limits
from tests.running.application import figure, serving
from tests.running.postgres import Database
from tests.running.waiting import wait_until

AWAY = "The clock of the database is away from the service's"


@pytest.mark.parametrize(("ahead", "told"), [(-3600, True), (-61, True), (-50, False), (50, False), (65, True)])
@pytest.mark.anyio
async def test_a_database_with_another_time_is_told(
    shared_database: Database, log_lines: list[EventDict], ahead: int, told: bool
) -> None:
    looks: list[None] = []

    def clock() -> datetime:
        looks.append(None)
        return datetime.now(UTC) - timedelta(seconds=ahead)

    async with serving(shared_database.url, clock=clock, limits=Limits(clock_check_seconds=0.01)):
        await asyncio.to_thread(wait_until, lambda: len(looks) > 5, "the clocks were compared")
    assert abs(figure("signals_database_clock_seconds") - ahead) < 5
    lines = [line for line in log_lines if line["event"] == AWAY]
    assert {(line["log_level"], abs(line["seconds"] - ahead) < 5) for line in lines} == (
        {("warning", True)} if told else set()
    )
