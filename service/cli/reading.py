"""`signals get`, and what the commands of readers have in common."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from service.cli.administration import AsJson
from service.cli.display import printable, show_line, show_rows
from service.cli.notes import attempts_told
from service.cli.options import DEFAULT_URL, Exit, Url
from service.client import ReadingRefused, Retries, SignalsError, SignalsReader
from service.client.signal import json_text
from service.environment import SettingsError, secrets_in_files
from service.kernel.timestamps import parse_timestamp, utc_now

TOKEN_VARIABLE = "SIGNALS_READER_TOKEN"  # the name of it  # noqa: S105  # nosec B105

RETRY_SECONDS = 60.0


def moment(text: str) -> datetime:
    """A time, or how long ago it is."""
    from service.notation.duration import parse_duration

    try:
        return parse_timestamp(text) if "T" in text else utc_now() - parse_duration(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            "a time looks like 2026-01-31T12:00:00Z, or like 90s, 15m, 24h, 90d: so long ago"
        ) from None


Instruments = Annotated[
    list[str], typer.Option("--instrument", help="Only these, like XAUUSD or XAU*; may be given several times.")
]
Producers = Annotated[
    list[str], typer.Option("--producer", help="Only those of these producers; may be given several times.")
]
RetrySeconds = Annotated[
    float, typer.Option("--retry-seconds", help="How long to try when the service is away or busy.", min=0)
]


@contextmanager
def reading(url: str, retry_seconds: float) -> Iterator[SignalsReader]:
    """A reader that shows the token of the environment. What ends the reading ends the program, with one sentence."""
    console = Console(stderr=True)
    try:
        reader = SignalsReader(url, token=_token(), retries=Retries(retry_seconds))
    except (ValueError, SettingsError) as error:
        raise typer.BadParameter(str(error)) from None
    try:
        with reader, attempts_told(console):
            yield reader
    except ReadingRefused as refused:
        show_line("refused", str(refused), console=console)
        raise typer.Exit(Exit.USAGE if refused.status == 422 else Exit.REFUSED) from None
    except SignalsError as error:
        show_line("failed", str(error), console=console)
        raise typer.Exit(Exit.NETWORK) from None


def _token() -> str | None:
    """As the settings of the service, it may lie in a file."""
    given = {name: value for name, value in os.environ.items() if value}
    return {**given, **secrets_in_files(given, [TOKEN_VARIABLE])}.get(TOKEN_VARIABLE)


def get(
    id: Annotated[str, typer.Argument(metavar="ID", help="The id that the service has given the signal.")],
    url: Url = DEFAULT_URL,
    retry_seconds: RetrySeconds = RETRY_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show one signal. The token of a reader comes from SIGNALS_READER_TOKEN, or from the file that
    SIGNALS_READER_TOKEN_FILE names.

    Example: `signals get 01a20dc7-e667-7406-ab00-7167f832076d`
    """
    with reading(url, retry_seconds) as reader:
        fields = reader.get(id).fields
    if as_json:
        print(json_text(fields))
    else:
        show_rows(["field", "value"], [[name, cell(value)] for name, value in fields.items()])


def cell(value: object) -> str:
    """A field of a signal on one line, on which nothing can hide or move what stands around it."""
    if value is None:
        return "-"
    return printable(value if isinstance(value, str) else json_text(value))
