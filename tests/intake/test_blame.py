"""Whose fault it is that signals cannot be stored: theirs, or that of the schema and the server."""

import asyncio

import pytest
from structlog.typing import EventDict

from service.kernel.limits import Limits
from tests.intake.troubled import Trouble, readiness, refusing, send, send_all, until_readiness_is
from tests.postgres.locks import locked, until_somebody_waits
from tests.running.application import JSON, SIGNALS, serving, signal_body, signing_headers
from tests.running.postgres import Database

IMPATIENT = Limits(answer_seconds=1, retry_seconds=0.05)
PATIENT = Limits(answer_seconds=60)
STEADY = Limits(answer_seconds=60, lock_seconds=20, statement_seconds=25, command_seconds=30)
UNCHECKED = ["23514", "XX000", "42501", "P0001"]
"""What a constraint, a broken index, a missing privilege and a trigger of somebody's own say."""


def failures(log_lines: list[EventDict]) -> list[int]:
    """How many signals each line says that could not be stored."""
    return [line["rows"] for line in log_lines if line["event"] == "Database write failed"]


@pytest.mark.parametrize("sqlstate", UNCHECKED)
@pytest.mark.anyio
async def test_a_fault_of_the_schema_is_not_blamed_on_signals(
    direct_database: Database, log_lines: list[EventDict], sqlstate: str
) -> None:
    """Each signal was tried alone before: 511 statements, and readiness said ready."""
    trouble = refusing(direct_database, "true", sqlstate)
    async with serving(direct_database.url, limits=IMPATIENT) as client:
        assert set(await send_all(client, ["XAUUSD"] * 256)) == {500}
        assert trouble.statements() < 40
        assert await readiness(client) == "writes fail"
        assert failures(log_lines) == [256]
        trouble.end()
        assert await send(client) == 201
        assert await readiness(client) == "connected"


@pytest.mark.parametrize("sqlstate", UNCHECKED)
@pytest.mark.anyio
async def test_a_signal_that_alone_cannot_be_stored_hurts_no_neighbour(
    direct_database: Database, log_lines: list[EventDict], sqlstate: str
) -> None:
    trouble = refusing(direct_database, "NEW.instrument = 'CULPRIT'", sqlstate)
    instruments = ["XAUUSD"] * 100 + ["CULPRIT"] + ["XAUUSD"] * 100
    async with serving(direct_database.url, limits=PATIENT) as client:
        statuses = await send_all(client, instruments)
        assert await readiness(client) == "connected"
    assert statuses == [201] * 100 + [500] + [201] * 100
    assert trouble.statements() < 20
    assert failures(log_lines) == [1]


@pytest.mark.anyio
async def test_culprits_side_by_side_are_refused_at_once(direct_database: Database) -> None:
    """The halves of a half fail alike, and yet it is not the service, which has stored the other half."""
    refusing(direct_database, "NEW.instrument = 'CULPRIT'", "23514")
    async with serving(direct_database.url, limits=PATIENT) as client:
        assert await send_all(client, ["XAUUSD"] * 2 + ["CULPRIT"] * 2) == [201, 201, 500, 500]
        assert await readiness(client) == "connected"


@pytest.mark.anyio
async def test_culprits_of_two_kinds_are_both_found(direct_database: Database) -> None:
    refusing(
        direct_database,
        "NEW.instrument = 'CULPRIT' THEN RAISE SQLSTATE '22003'; ELSIF NEW.instrument = 'ACCOMPLICE'",
        "23514",
    )
    instruments = ["XAUUSD", "CULPRIT", "XAUUSD", "XAUUSD", "XAUUSD", "ACCOMPLICE", "XAUUSD", "CULPRIT"]
    async with serving(direct_database.url, limits=PATIENT) as client:
        statuses = await send_all(client, instruments)
        assert await readiness(client) == "connected"
    assert statuses == [{"CULPRIT": 422, "ACCOMPLICE": 500}.get(instrument, 201) for instrument in instruments]


@pytest.mark.parametrize(("sqlstate", "status"), [("22P05", 422), ("54000", 422), ("23514", 500)])
@pytest.mark.anyio
async def test_a_lone_signal_is_refused_at_once_when_others_could_be_stored(
    direct_database: Database, sqlstate: str, status: int
) -> None:
    refusing(direct_database, "NEW.instrument = 'CULPRIT'", sqlstate)
    async with serving(direct_database.url, limits=PATIENT) as client:
        assert await send(client, "CULPRIT") == status
        assert await readiness(client) == "connected"
    assert direct_database.value("SELECT count(*) FROM signals") == 0


@pytest.mark.anyio
async def test_a_lone_signal_is_not_blamed_when_nothing_can_be_stored(direct_database: Database) -> None:
    trouble = refusing(direct_database, "true", "23514")
    async with serving(direct_database.url, limits=IMPATIENT) as client:
        assert await send(client) == 500
        assert await readiness(client) == "writes fail"
        trouble.end()
        await until_readiness_is(client, "connected")


@pytest.mark.anyio
async def test_what_was_stored_beside_it_is_no_sign_that_a_signal_is_to_blame(direct_database: Database) -> None:
    """It may have been sent before the trouble began."""
    waiting = "LOCK TABLE quotas IN SHARE MODE; RAISE SQLSTATE '23514'"
    trouble = Trouble(direct_database, f"IF NEW.instrument IN ('LATE', 'REHEARSAL') THEN {waiting}; END IF")
    large = signal_body(payload={"text": "a" * 30_000})
    async with serving(direct_database.url, limits=STEADY) as client, asyncio.TaskGroup() as group:
        async with locked(direct_database, "quotas"):
            late = group.create_task(send(client, "LATE"))
            await until_somebody_waits(direct_database)
            beside = await asyncio.gather(*[client.post(SIGNALS, content=large, headers=JSON) for _ in range(4)])
            assert [answer.status_code for answer in beside] == [201] * 4
        await until_readiness_is(client, "writes fail")
        trouble.end()
    assert late.result() == 201


@pytest.mark.anyio
async def test_signals_of_the_wrong_kind_never_make_the_service_fail(direct_database: Database) -> None:
    refusing(direct_database, "true", "22P05")
    async with serving(direct_database.url, limits=IMPATIENT) as client:
        assert set(await send_all(client, ["XAUUSD"] * 20)) == {422}
        assert await readiness(client) == "connected"


@pytest.mark.anyio
async def test_a_resend_that_is_answered_is_no_sign_of_health(direct_database: Database) -> None:
    """What was stored before the disk was full is found again, and nothing is written for it."""
    body = signal_body()
    async with serving(direct_database.url, limits=IMPATIENT, signing=True) as client:
        answers = [await client.post(SIGNALS, content=body, headers=signing_headers(body))]
        refusing(direct_database, "true", "53100")
        other = signal_body(side=1)
        answers.append(await client.post(SIGNALS, content=other, headers=signing_headers(other)))
        answers.append(await client.post(SIGNALS, content=body, headers=signing_headers(body)))
        assert await readiness(client) == "writes fail"
    assert [answer.status_code for answer in answers] == [201, 500, 201]


@pytest.mark.anyio
async def test_a_lone_culprit_is_found_when_an_outage_has_ended(direct_database: Database) -> None:
    """It was among those that waited for the end of something else."""
    trouble = refusing(direct_database, "true", "25006")
    async with serving(direct_database.url, limits=PATIENT) as client:
        async with asyncio.TaskGroup() as group:
            culprit = group.create_task(send(client, "CULPRIT"))
            await until_readiness_is(client, "writes fail")
            direct_database.execute(
                "CREATE OR REPLACE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
                "IF NEW.instrument = 'CULPRIT' THEN RAISE SQLSTATE '23514'; END IF; RETURN NEW; END$$"
            )
        assert culprit.result() == 500
        assert await readiness(client) == "connected"
    assert trouble.statements() > 1
