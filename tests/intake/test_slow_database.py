"""A database that needs so long for each signal that a full batch of them takes longer than a statement may."""

import pytest
from structlog.typing import EventDict

from service.kernel.limits import Limits
from tests.intake.troubled import Trouble, readiness, send_all
from tests.running.application import serving
from tests.running.postgres import Database

SLOW = Limits(statement_seconds=0.6, command_seconds=0.9, answer_seconds=3)
"""At 4 ms a signal a statement has time for 150, and 256 that arrive together take a third of the time for answers."""


def failures(log_lines: list[EventDict]) -> list[int]:
    """How many signals each line says that could not be stored."""
    return [line["rows"] for line in log_lines if line["event"] == "Database write failed"]


@pytest.mark.anyio
async def test_a_batch_that_takes_too_long_is_made_smaller(
    direct_database: Database, log_lines: list[EventDict]
) -> None:
    """Before, the same batch was tried again and again, and none of it was stored."""
    Trouble(direct_database, "PERFORM pg_sleep(0.004)")
    async with serving(direct_database.url, limits=SLOW) as client:
        assert (await send_all(client, ["XAUUSD"] * 256)).count(201) >= 60
        assert failures(log_lines)[0] > 150
        assert await readiness(client) == "connected"
        assert set(await send_all(client, ["XAUUSD"] * 256)) == {201}


@pytest.mark.anyio
async def test_batches_grow_again_when_the_database_is_quick_again(direct_database: Database) -> None:
    trouble = Trouble(direct_database, "PERFORM pg_sleep(0.004)")
    async with serving(direct_database.url, limits=SLOW) as client:
        await send_all(client, ["XAUUSD"] * 256)
        trouble.end()
        for _ in range(3):
            assert set(await send_all(client, ["XAUUSD"] * 256)) == {201}
        before = trouble.statements()
        assert set(await send_all(client, ["XAUUSD"] * 256)) == {201}
    assert trouble.statements() - before <= 2
