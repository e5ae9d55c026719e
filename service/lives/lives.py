"""The servers that the data has lived in.

Signals are read in the order of epoch, transaction and id. Another server counts its transactions anew: so with each
server a new life begins, which is the upper half of the epoch, and what is stored in it comes after all that there was.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from service.kernel.timestamps import utc_text

_SITUATION = """
SELECT pg_is_in_recovery() AS follows,
    to_regclass('transitions') IS NOT NULL
        AND (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_signals_position')) IS TRUE AS migrated,
    EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = to_regclass('signals')) AS fed
"""

_NEWEST = """
SELECT life, system_identifier NOT IN (0, $1) AND $1 <> 0 AS elsewhere FROM lives ORDER BY life DESC LIMIT 1
"""

_AHEAD = """
SELECT newest.epoch > present.epoch
    OR newest.epoch = present.epoch AND newest.xact >= pg_snapshot_xmax(pg_current_snapshot())
FROM (SELECT signals_epoch(max(life)) AS epoch FROM lives) AS present,
    ((SELECT epoch, xact FROM signals ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1)
    UNION ALL (SELECT epoch, xact FROM transitions ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1)) AS newest
ORDER BY newest.epoch DESC, newest.xact DESC LIMIT 1
"""
"""Whether what was stored now would come before something that is there."""

_ALONE = "LOCK TABLE signals, transitions IN ACCESS EXCLUSIVE MODE"

_BEGIN = """
INSERT INTO lives (life, system_identifier)
SELECT 1 + greatest((SELECT max(life) FROM lives),
    (SELECT max(epoch) >> 32 FROM signals), (SELECT max(epoch) >> 32 FROM transitions)), $1
RETURNING life, started_at, (SELECT count(*) FROM producer_keys WHERE revoked_at IS NULL) AS keys, (
    SELECT count(*) FROM reader_tokens AS token JOIN readers ON name = token.reader
    WHERE revoked_at IS NULL AND (ends_at IS NULL OR ends_at > now())
) AS tokens
"""

_TIMELINE = "('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint"

_DEFINE_EPOCH = "CREATE OR REPLACE FUNCTION signals_epoch(life int) RETURNS bigint LANGUAGE sql AS 'SELECT {}'"

_NOT_TOLD = (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedFunctionError, asyncpg.FeatureNotSupportedError)
"""What a provider's server answers that keeps something about itself to itself."""


TOKENS_REMEDY = "signals readers list, then signals readers rotate NAME --in 0s or signals readers revoke NAME"
"""What ends the tokens that were revoked or replaced after a dump was made: which ones they are nobody knows."""


class Unsettled(Exception):
    """Signals must be neither stored nor read in this server yet; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class NewLife:
    """A life that was begun just now, and how many keys of producers prove in it, and tokens of readers are good."""

    life: int
    started_at: datetime
    keys: int
    tokens: int

    @property
    def remedy(self) -> str:
        """What ends the keys that were revoked after a dump was made, and all others that there were."""
        return f"signals keys revoke --before {utc_text(self.started_at)}"


async def settle(connection: asyncpg.Connection) -> NewLife | None:
    """Begin a new life when the data has come into another server; returns it to the one process that has begun it.

    A copy of the server's disk cannot be told, nor a dump where the provider's server keeps its identifier to itself,
    unless it has counted less than what it holds. Nothing is done before the tables are up to date.

    Raises Unsettled when a new life is due and the role does not own the table of signals, and as long as another
    server feeds that table: what it feeds does not come in the order in which it is read.
    """
    situation = await connection.fetchrow(_SITUATION)
    if situation["follows"] or not situation["migrated"]:
        return None
    if situation["fed"]:
        raise Unsettled("fed by logical replication: drop the subscription, then run `signals migrate`")
    identifier = await _system_identifier(connection)
    newest = await connection.fetchrow(_NEWEST, identifier)
    if newest and not newest["elsewhere"] and not await _ahead(connection):
        return None
    try:
        async with connection.transaction(isolation="read_committed"):
            await connection.execute(_ALONE)
            overtaken = newest != await connection.fetchrow(_NEWEST, identifier)
            return None if overtaken else await _begin(connection, identifier)
    except asyncpg.InsufficientPrivilegeError:
        raise Unsettled("the data has come from another server: run `signals migrate`") from None


async def begin_life(connection: asyncpg.Connection) -> NewLife:
    """Begin a new life, whatever the server is."""
    identifier = await _system_identifier(connection)
    async with connection.transaction(isolation="read_committed"):
        await connection.execute(_ALONE)
        return await _begin(connection, identifier)


async def _ahead(connection: asyncpg.Connection) -> bool:
    try:
        return bool(await connection.fetchval(_AHEAD))
    except _NOT_TOLD:  # it was restored from a server that tells its timeline, and this one does not
        return True


async def _begin(connection: asyncpg.Connection, identifier: int) -> NewLife:
    """No transaction is open that has stored a signal: those to come take their epoch from the new default."""
    begun: Mapping[str, Any] = await connection.fetchrow(_BEGIN, identifier)
    await _define_epoch(connection)
    for table in ("signals", "transitions"):
        await connection.execute(f"ALTER TABLE {table} ALTER COLUMN epoch SET DEFAULT signals_epoch({begun['life']})")
    return NewLife(**begun)


async def _define_epoch(connection: asyncpg.Connection) -> None:
    told = "life::bigint << 32"
    with suppress(*_NOT_TOLD):
        async with connection.transaction():
            await connection.fetchval(f"SELECT {_TIMELINE}")
            told = f"life::bigint << 32 | {_TIMELINE}".replace("'", "''")
    await connection.execute(_DEFINE_EPOCH.format(told))


async def _system_identifier(connection: asyncpg.Connection) -> int:
    """Of the server; 0 where it keeps it to itself."""
    try:
        async with connection.transaction():
            return int(await connection.fetchval("SELECT system_identifier FROM pg_control_system()"))
    except _NOT_TOLD:
        return 0
