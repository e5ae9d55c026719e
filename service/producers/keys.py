"""Keys: making, ending and resealing them. Each change is one transaction, with its row in the audit trail."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from uuid_utils.compat import uuid7

from service.kernel.timestamps import utc_text
from service.keyring.keyring import IN_USE_MAX
from service.keyring.sealing import CannotOpen, SealingKeys
from service.postgres import audit
from service.producers import registry
from service.producers.errors import StrangeSealingKey, TooManyKeys, UnknownKey
from service.producers.models import ProducerKey
from service.settings import SettingsError

SECRET_BYTES = 32

_LOOKED_AT = 100
_RESEALED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made just now, with its secret, which is told once."""

    producer: str
    key_id: UUID
    secret: str


async def add_producer(
    by: str, sealing: SealingKeys, name: str, *, rate: str | None = None, approval: bool = False, note: str = ""
) -> NewKey | None:
    """Make a producer with its first key; None when there is one of that name, which stays as it is.

    Raises StrangeSealingKey, and SettingsError when there is no sealing key.
    """
    async with registry.change() as now:
        if not await registry.create(name, rate=rate, approval=approval, note=note):
            return None
        key = await _make(sealing, name, now)
        await audit.record(by, "producers add", producer=name, rate=rate, approval=approval, key_id=str(key.key_id))
        return key


async def add(by: str, sealing: SealingKeys, name: str) -> NewKey:
    """Make one more key for a producer. Raises UnknownProducer, TooManyKeys, StrangeSealingKey, and SettingsError
    when there is no sealing key."""
    async with registry.change() as now:
        await registry.find(name)
        if await in_use(now).filter(producer=name).count() >= IN_USE_MAX:
            raise TooManyKeys(name, IN_USE_MAX)
        key = await _make(sealing, name, now)
        await audit.record(by, "keys add", producer=name, key_id=str(key.key_id))
        return key


async def retire(by: str, key_id: UUID, within: timedelta) -> ProducerKey:
    """Let a key end after that time, by the clock of the database, unless it ends sooner already. Raises UnknownKey."""
    async with registry.change() as now:
        key = await _find(key_id)
        ends_at = now + within
        if key.revoked_at is None and (key.ends_at is None or ends_at < key.ends_at):
            key.ends_at, key.changed_at = ends_at, now
            await key.save(update_fields=["ends_at", "changed_at"])
            await audit.record(by, "keys retire", producer=key.producer, key_id=str(key_id), ends_at=utc_text(ends_at))
        return key


async def revoke(by: str, key_id: UUID) -> ProducerKey:
    """End a key at once and for good, unless it is revoked already. Raises UnknownKey."""
    async with registry.change() as now:
        key = await _find(key_id)
        if key.revoked_at is None:
            key.revoked_at = key.changed_at = now
            await key.save(update_fields=["revoked_at", "changed_at"])
            await audit.record(by, "keys revoke", producer=key.producer, key_id=str(key_id))
        return key


async def revoke_before(by: str, moment: datetime) -> int:
    """Revoke every key that was made or last decided about before that moment; returns how many it were."""
    async with registry.change() as now:
        keys = ProducerKey.filter(revoked_at=None, changed_at__lt=moment)
        revoked = await keys.update(revoked_at=now, changed_at=now)
        if revoked:
            await audit.record(by, "keys revoke", before=utc_text(moment), keys=revoked)
        return revoked


async def reseal(by: str, sealing: SealingKeys) -> tuple[int, int]:
    """Seal every key with the newest sealing key that is not so sealed yet and opens; returns how many keys there are,
    and how many it were."""
    total = resealed = 0
    last = UUID(int=0)
    while True:
        async with registry.change():
            keys = await ProducerKey.filter(id__gt=last).order_by("id").limit(_RESEALED_AT_ONCE)
            if not keys:
                break
            changed = [key for key in keys if not sealing.is_newest(key.sealed) and _seal_anew(sealing, key)]
            if changed:
                await ProducerKey.bulk_update(changed, ["sealed"])
        total, resealed, last = total + len(keys), resealed + len(changed), keys[-1].id
    if resealed:
        await audit.record(by, "keys reseal", keys=resealed)
    return total, resealed


def opens(sealing: SealingKeys, key: ProducerKey) -> bool:
    """Whether the secret of a key can be had."""
    try:
        sealing.open(key.sealed, key_id=key.id, producer=key.producer)
    except CannotOpen:
        return False
    return True


def in_use(now: datetime) -> QuerySet[ProducerKey]:
    """The keys that are live or retiring."""
    return ProducerKey.filter(Q(ends_at=None) | Q(ends_at__gt=now), revoked_at=None)


async def check_sealing_keys(sealing: SealingKeys, now: datetime) -> None:
    """Raises StrangeSealingKey when there are keys in use, and none of the newest opens."""
    newest = await in_use(now).order_by("-id").limit(_LOOKED_AT)
    if newest and not any(opens(sealing, key) for key in newest):
        raise StrangeSealingKey


async def _find(key_id: UUID) -> ProducerKey:
    key = await ProducerKey.get_or_none(id=key_id)
    if key is None:
        raise UnknownKey(key_id)
    return key


async def _make(sealing: SealingKeys, producer: str, now: datetime) -> NewKey:
    if not sealing:
        raise SettingsError("SIGNALS_SEALING_KEYS: must be set to make keys: `signals keys new-sealing-key` prints one")
    await check_sealing_keys(sealing, now)
    key = NewKey(producer, uuid7(), secrets.token_urlsafe(SECRET_BYTES))
    sealed = sealing.seal(key.secret.encode(), key_id=key.key_id, producer=producer)
    await ProducerKey.create(id=key.key_id, producer=producer, sealed=sealed)
    return key


def _seal_anew(sealing: SealingKeys, key: ProducerKey) -> bool:
    try:
        secret = sealing.open(key.sealed, key_id=key.id, producer=key.producer)
    except CannotOpen:
        return False
    key.sealed = sealing.seal(secret, key_id=key.id, producer=key.producer)
    return True
