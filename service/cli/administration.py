"""What the commands have in common that change or list what is registered in the database."""

import asyncio
import json
import os
import pwd
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer

from service.cli.options import Exit
from service.kernel.timestamps import utc_text

if TYPE_CHECKING:
    from service.keyring.sealing import SealingKeys

OPERATOR_VARIABLE = "SIGNALS_OPERATOR"

LEARNING_SECONDS = 1.0
"""So long it may take until every process of the service knows of a change."""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, and nothing else.")]


def duration(text: str) -> timedelta:
    """What somebody has given as a duration, like 24h. Raises BadParameter."""
    from service.notation.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Within = Annotated[timedelta, typer.Option("--in", parser=duration, metavar="TIME", help="When, like 24h or 15m.")]
Name = Annotated[str, typer.Argument(help="The producer: what it sends as its X-Producer-Id.")]

T = TypeVar("T")


def administer(work: "Callable[[SealingKeys], Coroutine[Any, Any, T]]", *, changes: bool) -> T:
    """Do some work on the database of the settings, and return what comes of it. What changes something returns when
    every process of the service knows.

    A wrong setting ends the program with exit code 2, a refusal with 1, an unusable database with 3, each with one
    sentence.
    """
    return administer_at(lambda _url, sealing: work(sealing), changes=changes)


def administer_at(work: "Callable[[str, SealingKeys], Coroutine[Any, Any, T]]", *, changes: bool) -> T:
    """The same for work that opens sessions of its own at the URL of the database."""
    from service import server
    from service.keyring.sealing import SealingKeys
    from service.postgres.orm import orm
    from service.postgres.schema import migrate
    from service.producers.sealing_file import sealing_keys
    from service.settings import load_settings

    async def run(url: str, sealing: SealingKeys, *, embedded: bool) -> T:
        if embedded:
            await migrate(url)
        async with orm(url):
            return await work(url, sealing)

    with _failures_in_one_sentence():
        settings = load_settings(hmac_producer_enabled=False)  # whether it is on is none of its business
        sealing = SealingKeys(sealing_keys(settings))
        with server.postgres(settings) as url:
            result = asyncio.run(run(url, sealing, embedded=settings.database_url is None))
            if changes:
                time.sleep(LEARNING_SECONDS)
    return result


def operator() -> str:
    """Who gives the command: what SIGNALS_OPERATOR says, or else the user of the operating system."""
    given = os.environ.get(OPERATOR_VARIABLE, "").strip()
    if given:
        return given
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # containers may run as a user that has no name
        return f"uid {os.getuid()}"


def tell(sentence: str) -> None:
    """Say something to a person, where it is in nobody's way."""
    print(sentence, file=sys.stderr)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, default=_plain))


def text(value: object) -> str:
    """A value as a cell of a table."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(_plain(value)) if isinstance(value, datetime | UUID) else str(value)


def rows(found: Sequence[Mapping[str, object]], columns: Sequence[str]) -> list[list[str]]:
    """These columns of what was found, as cells."""
    return [[text(each[column]) for column in columns] for each in found]


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return utc_text(value)
    return str(value)


@contextmanager
def _failures_in_one_sentence() -> Iterator[None]:
    import asyncpg
    from tortoise.exceptions import BaseORMException

    from service.following.changes import RegistryRefusal
    from service.kernel.errors import database_reason
    from service.settings import SettingsError

    try:
        yield
    except SettingsError as error:
        raise typer.Exit(_refuse(str(error), Exit.USAGE)) from None
    except RegistryRefusal as refusal:
        raise typer.Exit(_refuse(str(refusal), Exit.REFUSED)) from None
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, BaseORMException) as error:
        told = (error.__cause__ if isinstance(error, BaseORMException) else None) or error
        missing = isinstance(told, asyncpg.UndefinedTableError)
        reason = "run `signals migrate`" if missing else database_reason(told) or type(told).__name__
        raise typer.Exit(_refuse(f"The database cannot be used: {reason}", Exit.NETWORK)) from None


def _refuse(sentence: str, code: Exit) -> int:
    tell(f"signals: {sentence}")
    return code
