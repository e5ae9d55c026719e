"""The command line: `signals serve`, `signals migrate`."""

import asyncio
import sys
from typing import Annotated

import asyncpg
import typer

from service import database
from service.server import postgres
from service.server import serve as run_server
from service.settings import SettingsError, load_settings

app = typer.Typer(
    help="Takes trading signals, proves who sent them, and stores them for good before it answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="How many processes share the port.", min=1)] = 1,
) -> None:
    """Serve the API until SIGTERM or Ctrl-C."""
    run_server(load_settings(), host=host, port=port, workers=workers)


@app.command()
def migrate(
    down: Annotated[bool, typer.Option("--down", help="Undo the newest migration instead.")] = False,
) -> None:
    """Bring the database schema up to date. Safe to run at any time, and by several at once."""
    with postgres(load_settings()) as url:
        names = asyncio.run(database.migrate(url, down=down))
    for name in names:
        typer.echo(f"{'undone' if down else 'applied'}: {name}")
    if not names:
        typer.echo("nothing to do")


def main() -> None:
    """Run the command line. A wrong setting ends it with one sentence and exit code 2, an unusable database with
    one sentence and exit code 1."""
    try:
        app()
    except SettingsError as error:
        sys.exit(_refuse(str(error), 2))
    except database.NotDurable as error:
        sys.exit(_refuse(f"The database could lose acknowledged signals, refused in production: {error}", 1))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        sys.exit(_refuse(f"The database cannot be used: {type(error).__name__}", 1))


def _refuse(sentence: str, code: int) -> int:
    print(f"signals: {sentence}", file=sys.stderr)
    return code
