"""Producers and their keys as operators see them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from tortoise import connections

from service.keyring.sealing import SealingKeys
from service.producers import registry
from service.producers.keys import opens
from service.producers.models import Producer, ProducerKey

UNUSED = timedelta(hours=24)
"""So long a key must not have been used to be safe to revoke."""

State = Literal["live", "retiring", "retired", "revoked", "sealed"]

_USES = """
SELECT key_id, max(last_used_at) AS last_used_at,
       coalesce(sum(uses) FILTER (WHERE hour > now() - interval '24 hours'), 0)::bigint AS uses_24h
FROM key_uses WHERE key_id = ANY($1::uuid[]) GROUP BY key_id
"""

_PRESENT = """
SELECT now(), NOT EXISTS (
    SELECT FROM key_reporters WHERE NOT ended
    AND reported_at BETWEEN now() - interval '25 hours' AND now() - interval '1 minute'
) AS all_reported
"""
"""A process that has been silent for longer cannot know of a use in the last 24 hours."""


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key without its secret. `state` is `sealed` when it would prove something but does not open here."""

    producer: str
    key_id: UUID
    state: State
    created_at: datetime
    ends_at: datetime | None
    last_used_at: datetime | None
    uses_24h: int
    safe_to_revoke: bool


@dataclass(frozen=True, slots=True)
class ListedProducer:
    """A producer and its keys, the oldest first."""

    name: str
    enabled: bool
    rate: str | None
    approval: bool
    duplicates: str | None
    note: str
    created_at: datetime
    keys: list[ListedKey]


async def list_producers(sealing: SealingKeys) -> list[ListedProducer]:
    """All producers by name."""
    return await _listed(sealing, await Producer.all().order_by("name"), await ProducerKey.all().order_by("id"))


async def show_producer(sealing: SealingKeys, name: str) -> ListedProducer:
    """One producer. Raises UnknownProducer."""
    producer = await registry.find(name)
    keys = await ProducerKey.filter(producer=name).order_by("id")
    return (await _listed(sealing, [producer], keys))[0]


async def show_key(sealing: SealingKeys, key: ProducerKey) -> ListedKey:
    """One key."""
    return (await _listed_keys(sealing, [key]))[0]


async def _listed(
    sealing: SealingKeys, producers: Iterable[Producer], keys: Iterable[ProducerKey]
) -> list[ListedProducer]:
    by_producer: dict[str, list[ListedKey]] = defaultdict(list)
    for key in await _listed_keys(sealing, list(keys)):
        by_producer[key.producer].append(key)
    return [
        ListedProducer(
            each.name,
            each.enabled,
            each.rate,
            each.approval,
            each.duplicates,
            each.note,
            each.created_at,
            by_producer[each.name],
        )
        for each in producers
    ]


async def _listed_keys(sealing: SealingKeys, keys: list[ProducerKey]) -> list[ListedKey]:
    database = connections.get("default")
    [present] = await database.execute_query_dict(_PRESENT)
    rows = await database.execute_query_dict(_USES, [[key.id for key in keys]])
    uses = {row["key_id"]: row for row in rows}
    return [_listed_key(sealing, key, uses.get(key.id, {}), **present) for key in keys]


def _listed_key(
    sealing: SealingKeys, key: ProducerKey, uses: Mapping[str, Any], now: datetime, all_reported: bool
) -> ListedKey:
    last_used_at: datetime | None = uses.get("last_used_at")
    unused = (last_used_at or key.created_at) < now - UNUSED
    return ListedKey(
        producer=key.producer,
        key_id=key.id,
        state=_state(sealing, key, now),
        created_at=key.created_at,
        ends_at=key.ends_at,
        last_used_at=last_used_at,
        uses_24h=uses.get("uses_24h", 0),
        safe_to_revoke=unused and all_reported and key.revoked_at is None,
    )


def _state(sealing: SealingKeys, key: ProducerKey, now: datetime) -> State:
    if key.revoked_at is not None:
        return "revoked"
    if key.ends_at is not None and key.ends_at <= now:
        return "retired"
    if not opens(sealing, key):
        return "sealed"
    return "live" if key.ends_at is None else "retiring"
