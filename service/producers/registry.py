"""Producers: making and changing them. Each change is one transaction, with its row in the audit trail."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime

from service.following import changes
from service.postgres import audit
from service.producers.errors import UnknownProducer
from service.producers.models import Producer


def change() -> AbstractAsyncContextManager[datetime]:
    """A transaction for a change of producers or keys, and the time of the database. One at a time."""
    return changes.change("SELECT now() FROM keyring_changes FOR UPDATE")


async def create(name: str, *, rate: str | None, approval: bool, note: str) -> bool:
    """Make a producer, within a change. False when there is one of that name, which stays as it is."""
    _, created = await Producer.get_or_create({"rate": rate, "approval": approval, "note": note}, name=name)
    return created


async def find(name: str) -> Producer:
    """The producer of that name. Raises UnknownProducer."""
    producer = await Producer.get_or_none(name=name)
    if producer is None:
        raise UnknownProducer(name)
    return producer


async def update(by: str, command: str, name: str, **values: object) -> None:
    """Change what is kept about a producer, where it is not so already. Raises UnknownProducer."""
    async with change():
        producer = await find(name)
        new = {field: value for field, value in values.items() if getattr(producer, field) != value}
        if new:
            await producer.update_from_dict(new).save(update_fields=new)
            await audit.record(by, command, producer=name, **new)
