"""Producers: changed where it is not so already, and told."""

import pytest

from service.keyring.sealing import SealingKeys
from service.notation.duration import parse_duration
from service.notation.rate import Rate
from service.postgres import audit
from service.producers import keys, registry
from service.producers.errors import UnknownProducer
from tests.running.postgres import Database

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("registry")]

BY = "somebody"


@pytest.fixture(name="alpha")
async def _alpha(registry: Database, sealing: SealingKeys) -> Database:
    """A database with one producer."""
    await keys.add_producer(BY, sealing, "alpha")
    return registry


async def test_a_change_is_made_and_told_once(alpha: Database) -> None:
    for _ in range(2):
        await registry.update(BY, "producers disable", "alpha", enabled=False)
    assert alpha.value("SELECT enabled FROM producers") is False
    assert [(entry.command, entry.what) for entry in (await audit.newest(9))[:-1]] == [
        ("producers disable", {"producer": "alpha", "enabled": False})
    ]


async def test_only_what_is_new_is_told(alpha: Database) -> None:
    await registry.update(BY, "producers set", "alpha", rate="100/s", note="")
    assert (await audit.newest(1))[0].what == {"producer": "alpha", "rate": "100/s"}
    assert [tuple(row) for row in alpha.fetch("SELECT rate, note FROM producers")] == [("100/s", "")]


async def test_a_producer_that_is_not_there_is_told() -> None:
    with pytest.raises(UnknownProducer, match="beta"):
        await registry.update(BY, "producers enable", "beta", enabled=True)
    assert await audit.newest(9) == []


@pytest.mark.parametrize("rate", ["0/s", "100", "100/d", "1000000/s", "-1/s", "1.5/s", " 1/s"])
async def test_the_table_keeps_out_what_is_no_rate(alpha: Database, rate: str) -> None:
    with pytest.raises(Exception, match="ck_producers_rate"):
        alpha.execute("UPDATE producers SET rate = $1", rate)
    with pytest.raises(ValueError, match="a rate looks like"):
        Rate.parse(rate)


@pytest.mark.parametrize(
    ("text", "count", "seconds"), [("100/s", 100, 1), ("30/m", 30, 60), ("999999/h", 999999, 3600)]
)
async def test_a_rate_is_read(alpha: Database, text: str, count: int, seconds: int) -> None:
    alpha.execute("UPDATE producers SET rate = $1", text)
    assert Rate.parse(text) == Rate(count, seconds)


@pytest.mark.parametrize(("text", "seconds"), [("0s", 0), ("90s", 90), ("15m", 900), ("24h", 86400), ("90d", 7776000)])
async def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "1.5h", "1 h", "1w", "24h\n"])
async def test_another_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a duration looks like"):
        parse_duration(text)
