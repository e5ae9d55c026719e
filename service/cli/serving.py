"""`signals serve` and `signals migrate`.

The server is imported when one of them runs: it takes a second that the producers' commands do without.
"""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.months.month import Month


def serve(
    host: Annotated[
        list[str], typer.Option(help="An address to listen on; may be repeated. `::` is all of IPv4 and IPv6.")
    ] = ["127.0.0.1"],  # noqa: B006  # typer makes a list of its own
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="How many processes share the port.", min=1)] = 1,
    development: Annotated[
        bool,
        typer.Option(
            "--development",
            help="Make a sealing key in the data folder, and let anyone read, unless the settings say otherwise.",
        ),
    ] = False,
) -> None:
    """Serve the API until SIGTERM or Ctrl-C.

    Example: `signals serve --host 0.0.0.0 --port 8000 --workers 4`
    """
    from service.producers.sealing_file import for_development
    from service.server import serve as run_server
    from service.settings import load_settings

    with _failures_in_one_sentence():
        given: dict[str, str] = {}
        if development:
            settings = load_settings(hmac_producer_enabled=False)
            given = for_development(settings)
            if "signals_readers" not in settings.model_fields_set:
                given["signals_readers"] = "open"
        run_server(load_settings(**given), hosts=host, port=port, workers=workers)


def migrate(
    down: Annotated[bool, typer.Option("--down", help="Undo the newest migration instead.")] = False,
) -> None:
    """Bring the database schema up to date, and make the tables of the months to come. Safe to run at any time, and by
    several at once.

    Example: `DATABASE_URL=postgresql://db/signals signals migrate`
    """
    from service import server
    from service.lives.lives import TOKENS_REMEDY
    from service.postgres import schema
    from service.settings import load_settings

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what is begun is taken back first
    with _failures_in_one_sentence(), server.postgres(load_settings()) as url:
        names = asyncio.run(schema.migrate(url, down=down))
        for name in names:
            typer.echo(f"{'undone' if down else 'applied'}: {name}")
        begun = None if down else asyncio.run(schema.settle(url))
        made = [] if down else asyncio.run(_make_months(url))
        for month, moved in made:
            _tell_month(month, moved)
    if begun:
        typer.echo(f"begun: life {begun.life}, since the data has come from another server")
    if begun and begun.keys:
        typer.echo(f"Keys that were revoked since the dump was made prove again: `{begun.remedy}`", err=True)
    if begun and begun.tokens:
        typer.echo(
            f"Tokens of readers that were revoked since the dump was made are good again: {TOKENS_REMEDY}", err=True
        )
    if not names and not begun and not made:
        typer.echo("nothing to do")


def _tell_month(month: "Month", moved: int | None) -> None:
    if moved is None:
        typer.echo(
            f"not made: {month}, since too many signals of it lie in signals_default; docs/runbook.md says what to do "
            "(SignalsOutsideMonths)",
            err=True,
        )
    else:
        typer.echo(f"made: {month}" + (f", {moved} signals moved into it" if moved else ""))


async def _make_months(url: str) -> "list[tuple[Month, int | None]]":
    from service.kernel.limits import Limits
    from service.months import making
    from service.postgres import schema

    async with schema.unlimited(url) as connection:
        return [made async for made in making.make_missing(connection, Limits().months_ahead)]


@contextmanager
def _failures_in_one_sentence() -> Iterator[None]:
    """A wrong setting or an unusable file ends the program with one sentence and exit code 2, an unusable database
    with one sentence and exit code 1."""
    import asyncpg
    from tortoise.exceptions import BaseORMException

    from service.environment import file_problem
    from service.kernel.errors import database_reason
    from service.lives.lives import Unsettled
    from service.postgres.durability import NotDurable
    from service.settings import SettingsError

    try:
        yield
    except SettingsError as error:
        sys.exit(_refuse(str(error), 2))
    except NotDurable as error:
        sys.exit(_refuse(f"The database could lose acknowledged signals, refused in production: {error}", 1))
    except Unsettled as error:
        sys.exit(_refuse(f"The database cannot be used: {error}", 1))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, BaseORMException) as error:
        told = (error.__cause__ if isinstance(error, BaseORMException) else None) or error
        if sentence := file_problem(told):
            sys.exit(_refuse(sentence, 2))
        sys.exit(_refuse(f"The database cannot be used: {database_reason(told) or type(told).__name__}", 1))


def _refuse(sentence: str, code: int) -> int:
    print(f"signals: {sentence}", file=sys.stderr)
    return code
