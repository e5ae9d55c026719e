"""The command line: what operators run, what producers try, check and mend their signing with, and what readers read
with."""

import sys
from collections.abc import Callable

import typer

from service.cli import (
    auditing,
    batching,
    checkup,
    deciding,
    exporting,
    feed,
    keys,
    limits,
    payload_index,
    producers,
    publishing,
    readers,
    reading,
    sending,
    serving,
    signatures,
    tailing,
    vectors,
)

app = typer.Typer(
    help="Takes trading signals, proves who sent them, and stores them for good before it answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_COMMANDS: dict[str, list[Callable[..., None]]] = {
    "For operators": [serving.serve, serving.migrate, limits.limits, auditing.audit],
    "For producers": [
        sending.send,
        batching.send_batch,
        signatures.sign,
        signatures.verify,
        signatures.explain,
        checkup.doctor,
        vectors.vectors,
        publishing.openapi,
    ],
    "For readers": [reading.get, tailing.tail, exporting.export, deciding.approve, deciding.reject],
}
for panel, commands in _COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(producers.app, name="producers", rich_help_panel="For operators")
app.add_typer(keys.app, name="keys", rich_help_panel="For operators")
app.add_typer(feed.app, name="feed", rich_help_panel="For operators")
app.add_typer(payload_index.app, name="payload-index", rich_help_panel="For operators")
app.add_typer(readers.app, name="readers", rich_help_panel="For operators")


def main() -> None:
    """Run the command line. Exit codes: 0 done or accepted, 1 refused or an unusable database, 2 a wrong setting or
    command line, 3 the network or an outcome that nobody knows."""
    app.rich_markup_mode = "markdown" if sys.stdout.isatty() else None
    app()
