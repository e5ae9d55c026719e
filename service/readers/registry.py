"""Readers: making, listing and ending them. Each change is one transaction, with its row in the audit trail."""

import re
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.expressions import Q

from service.following import changes
from service.following.changes import RegistryRefusal
from service.kernel.timestamps import utc_text
from service.postgres import audit
from service.readers import tokens
from service.readers.models import ReaderToken, RegisteredReader
from service.readers.scope import Scope

_NAME = re.compile("[!-~]{1,64}")


class UnknownReader(RegistryRefusal):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no reader {name}: `signals readers add` makes one")


class RevokedReader(RegistryRefusal):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name} was revoked, and stays so: `signals readers add` makes a reader of another name")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A reader, with the token that was made for it just now, which is told once, and the end of the one before."""

    reader: RegisteredReader
    token: str | None
    ends_at: datetime | None = None


def checked_name(name: str) -> str:
    """The same name. Raises ValueError when no reader can be called so."""
    if _NAME.fullmatch(name) is None:
        raise ValueError("a name has 1 to 64 printable ASCII characters without spaces")
    return name


async def add(by: str, name: str, scope: Scope, may: Iterable[str] = ()) -> NewToken:
    """Make a reader with its first token, and say what else it may do. One that is there already stays as it is, and
    there is no token."""
    async with _change():
        values = {"instruments": [*scope.instruments], "producers": [*scope.producers], "may": [*may]}
        reader, created = await RegisteredReader.get_or_create(values, name=name)
        if not created:
            return NewToken(reader, None)
        token = await _make(name)
        await audit.record(by, "readers add", reader=name, **values)
        return NewToken(reader, token)


async def rotate(by: str, name: str, within: timedelta) -> NewToken:
    """Make another token for a reader. The ones before end after that time, by the clock of the database, unless they
    end sooner already. Raises UnknownReader and RevokedReader."""
    async with _change() as now:
        reader = await _find(name)
        if reader.revoked_at is not None:
            raise RevokedReader(name)
        ends_at = now + within
        await ReaderToken.filter(Q(ends_at=None) | Q(ends_at__gt=ends_at), reader=name).update(ends_at=ends_at)
        token = await _make(name)
        await audit.record(by, "readers rotate", reader=name, ends_at=utc_text(ends_at))
        return NewToken(reader, token, ends_at)


async def revoke(by: str, name: str) -> RegisteredReader:
    """End a reader with all its tokens, at once and for good, unless that was done already. Raises UnknownReader."""
    async with _change() as now:
        reader = await _find(name)
        if reader.revoked_at is None:
            reader.revoked_at = now
            await reader.save(update_fields=["revoked_at"])
            await audit.record(by, "readers revoke", reader=name)
        return reader


async def list_readers() -> list[RegisteredReader]:
    """All readers by name."""
    return await RegisteredReader.all().order_by("name")


def _change() -> AbstractAsyncContextManager[datetime]:
    return changes.change("SELECT now() FROM reader_changes FOR UPDATE")


async def _find(name: str) -> RegisteredReader:
    reader = await RegisteredReader.get_or_none(name=name)
    if reader is None:
        raise UnknownReader(name)
    return reader


async def _make(reader: str) -> str:
    token = tokens.new_token()
    await ReaderToken.create(sha256=tokens.sha256(token.encode()), reader=reader)
    return token
