"""A database that has trouble with some signals, or with all of them."""

import asyncio
from collections.abc import Sequence

import httpx

from tests.running.application import JSON, SIGNALS, signal_body
from tests.running.postgres import Database

READY = "/api/v1/ready"

CALM = """
DROP FUNCTION IF EXISTS count_statements, trouble CASCADE;
DROP SEQUENCE IF EXISTS statements;
"""
"""Ends what a Trouble has begun."""


_PASS = "CREATE OR REPLACE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"


class Trouble:
    """A trigger on the table of signals that acts on each of them, and counts the statements that store some."""

    def __init__(self, database: Database, action: str) -> None:
        self._database = database
        database.execute("CREATE SEQUENCE statements")
        self._create("count_statements", "STATEMENT", "PERFORM nextval('statements')")
        self._create("trouble", "ROW", action)

    def _create(self, name: str, level: str, action: str) -> None:
        body = f"BEGIN {action}; RETURN NEW; END"
        self._database.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
        self._database.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON signals FOR EACH {level} EXECUTE FUNCTION {name}()"
        )

    def statements(self) -> int:
        """How many statements have tried to store signals."""
        number: int = self._database.value("SELECT last_value FROM statements")
        return number

    def end(self) -> None:
        """Let all signals pass. The table is left alone: a service in the same event loop may be reading it."""
        self._database.execute(_PASS)


def refusing(database: Database, condition: str, sqlstate: str) -> Trouble:
    """A database that refuses signals on a condition about NEW."""
    return Trouble(database, f"IF {condition} THEN RAISE SQLSTATE '{sqlstate}'; END IF")


async def send(client: httpx.AsyncClient, instrument: str = "XAUUSD") -> int:
    """Send a signal; the status of the answer."""
    answer = await client.post(SIGNALS, content=signal_body(instrument=instrument), headers=JSON)
    return answer.status_code


async def send_all(client: httpx.AsyncClient, instruments: Sequence[str]) -> list[int]:
    """Send signals that arrive together; the statuses of their answers."""
    async with asyncio.TaskGroup() as group:
        sent = [group.create_task(send(client, instrument)) for instrument in instruments]
    return [each.result() for each in sent]


async def readiness(client: httpx.AsyncClient) -> str:
    """What is said of the database: `connected`, or why no signal can be stored."""
    reason: str = (await client.get(READY)).json()["dependencies"]["db"]
    return reason


async def until_readiness_is(client: httpx.AsyncClient, reason: str) -> None:
    """Return when that is said; the test is given up when it never is."""
    async with asyncio.timeout(30):
        while await readiness(client) != reason:
            continue
