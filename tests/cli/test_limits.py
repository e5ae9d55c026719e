"""`signals limits`: what producers may send, and what they have sent."""

import json

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from tests.running.postgres import Database

pytestmark = pytest.mark.usefixtures("busy")


@pytest.fixture
def busy(database: Database) -> None:
    """Three that are registered, of which one is busy, and two that are not; of those one was held to the default."""
    database.execute("INSERT INTO producers (name, rate) VALUES ('alpha', '30/m'), ('beta', '100/s'), ('gamma', NULL)")
    database.execute("INSERT INTO quotas (producer, full_at) VALUES ('beta', now()), ('delta', now())")
    sent = "SELECT gen_random_uuid(), $1, 'XAUUSD', 0, now() FROM generate_series(1, $2::int)"
    for name, signals in (("beta", 250), ("delta", 3), ("epsilon", 1)):
        database.execute(f"INSERT INTO signals (id, producer_id, instrument, side, time) {sent}", name, signals)
    database.execute(
        "INSERT INTO signals (id, producer_id, instrument, side, time, created_at) "
        "VALUES (gen_random_uuid(), 'alpha', 'XAUUSD', 0, now(), now() - interval '11 seconds')"
    )


def limits(database: Database, *arguments: str, rate: str = "") -> Result:
    """Run the command."""
    settings = {"DATABASE_URL": database.url, "SIGNALS_PRODUCER_RATE": rate}
    return CliRunner().invoke(app, ["limits", *arguments], env=settings)


@pytest.mark.parametrize("default", [None, "5/s"])
def test_scripts_are_told_all_of_it(database: Database, default: str | None) -> None:
    result = limits(database, "--json", rate=default or "")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "default": default,
        "producers": [
            {"name": "alpha", "rate": "30/m", "used_10s": 0},
            {"name": "beta", "rate": "100/s", "used_10s": 250},
            {"name": "delta", "rate": default, "used_10s": 3},
            {"name": "gamma", "rate": default, "used_10s": 0},
        ],
    }


def test_people_see_the_busiest_first(database: Database) -> None:
    result = limits(database)
    assert result.stdout.splitlines() == [
        "beta\t100/s\t250\t25%",
        "delta\t-\t3\t-",
        "alpha\t30/m\t0\t0%",
        "gamma\t-\t0\t-",
    ]
    assert result.stderr == "Without a rate of its own: no limit\n"


def test_a_wrong_rate_is_named(database: Database) -> None:
    result = limits(database, rate="100 a second")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "signals: SIGNALS_PRODUCER_RATE: a rate looks like 100/s, 30/m or 5/h\n"
