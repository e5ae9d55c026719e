"""Months are dumped and restored as other tables are."""

from dataclasses import replace

import pytest

from tests.reading.reader import page, reading
from tests.running.dumps import copy_in_parallel
from tests.running.months import Months
from tests.running.postgres import PostgresServer

pytestmark = pytest.mark.anyio


async def test_a_copy_made_in_parallel_has_all_months_and_is_read_as_they_are(
    months: Months, postgres: PostgresServer
) -> None:
    """Tables are filled in any order then. Red when a trigger that keeps transitions, or a month closed, is made first,
    or when a month is left out."""
    for month in (months.oldest, months.oldest.later(1), months.present):
        for _ in range(20):
            months.store(month)
        months.close(months.store(month))
    fresh = postgres.create(tables=False)
    try:
        copy_in_parallel(months.database.url, fresh.url)
        assert replace(months, database=fresh).content() == months.content()
        async with reading(months.database.url) as here, reading(fresh.url) as there:
            events = (await page(here, limit=1000))["events"]
            assert len(events) == 66
            assert (await page(there, limit=1000))["events"] == events
    finally:
        postgres.drop(fresh)
