"""What a process takes for the time of the database."""

from datetime import timedelta

import pytest

from service.kernel.limits import Limits
from service.operate.database_time import DatabaseTime
from service.postgres.pool import Pool
from tests.running.application import NOW, present
from tests.running.postgres import Database


@pytest.mark.anyio
async def test_it_is_the_time_of_the_process_until_the_clock_of_the_database_was_looked_at(
    shared_database: Database,
) -> None:
    """And never behind that clock from then on: what has just expired would pass for live."""
    async with Pool(shared_database.url, Limits(), size=1) as pool:
        time = DatabaseTime(pool, present)
        assert time.now() == NOW
        await time.look()
        shown = shared_database.value("SELECT clock_timestamp()")
        assert timedelta() <= time.now() - shown < timedelta(seconds=5)
