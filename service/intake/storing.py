"""One attempt to store a batch: with one statement, or with a few in one transaction where signals claim more than
their signature."""

from collections.abc import Mapping
from uuid import UUID

import asyncpg

from service.intake.queue import Waiting
from service.receipts.settlement import Outcome, Settlement, settle
from service.receipts.statement import Stored, find, find_under_way, insert

Batch = Mapping[UUID, Waiting]


async def store(connection: asyncpg.Connection, batch: Batch) -> dict[UUID, Outcome]:
    """What became of those that wait: what is new is stored, and all others are looked for. What somebody else is
    about to store is left out."""
    claiming = {id: each.signal for id, each in batch.items() if each.signal.claims_more}
    if not claiming:
        return await _store(connection, batch, in_doubt=True)
    transaction = connection.transaction()
    await transaction.start()
    try:
        settlement = await settle(connection, claiming)
        rest = {id: each for id, each in batch.items() if id not in claiming or id in settlement.new}
        outcomes = await _store(connection, rest, in_doubt=False)
    except asyncpg.PostgresError:
        await transaction.rollback()
        raise
    if _overtaken(settlement, rest, outcomes):
        await transaction.rollback()
        return {}
    await transaction.commit()
    return settlement.outcomes | outcomes


def _overtaken(settlement: Settlement, batch: Batch, outcomes: Mapping[UUID, Outcome]) -> bool:
    """Whether somebody who takes no locks has claimed a part of what a signal claims: the rest would name nothing."""
    stored = {id for id, outcome in outcomes.items() if isinstance(outcome, Stored) and outcome.id == id}
    return any(id not in stored for id in settlement.new if batch[id].refusal is None)


async def _store(connection: asyncpg.Connection, batch: Batch, *, in_doubt: bool) -> dict[UUID, Outcome]:
    new = {id: each.signal for id, each in batch.items() if each.refusal is None}
    known = await insert(connection, new) if new else {}
    if len(known) == len(batch):
        return {**known}
    for id in known:
        batch[id].uncertain = batch[id].uncertain or in_doubt  # it is stored, even if what follows fails
    known |= await find(connection, {id: each.signal for id, each in batch.items() if id not in known})
    sought = {id: each for id, each in batch.items() if each.refusal is not None and id not in known}
    signed = {id: each.signal for id, each in sought.items() if each.signal.receipt_key is not None}
    under_way = await find_under_way(connection, signed) if signed else {}
    return {id: each.refusal for id, each in sought.items() if each.refusal is not None} | known | under_way
