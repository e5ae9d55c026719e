"""Which signals of a batch PostgreSQL refuses."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from service.receipts.statement import NewSignal, insert


async def culprits(connection: asyncpg.Connection, signals: Mapping[UUID, NewSignal]) -> Mapping[UUID, Exception]:
    """Those that cannot be stored, by themselves, and what was said of each. Nothing is left behind."""
    found: dict[UUID, Exception] = {}
    transaction = connection.transaction()
    await transaction.start()
    await _try(connection, {id: signal._replace(content=None) for id, signal in signals.items()}, found)
    await transaction.rollback()
    return found


async def _try(connection: asyncpg.Connection, signals: Mapping[UUID, NewSignal], found: dict[UUID, Exception]) -> None:
    attempt = connection.transaction()
    await attempt.start()
    try:
        await insert(connection, signals)
    except asyncpg.PostgresError as error:
        await attempt.rollback()
        if len(signals) == 1:
            found.update(dict.fromkeys(signals, error))
            return
        for half in _halves([*signals.items()]):
            await _try(connection, dict(half), found)
    else:
        await attempt.rollback()


def _halves(signals: Sequence[tuple[UUID, NewSignal]]) -> tuple[Sequence[tuple[UUID, NewSignal]], ...]:
    middle = len(signals) // 2
    return signals[:middle], signals[middle:]
