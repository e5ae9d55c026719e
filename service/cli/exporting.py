"""`signals export`."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from service.cli import spreadsheet
from service.cli.display import show_line
from service.cli.options import DEFAULT_URL, Exit, Url
from service.cli.partial_file import PartialFile, Unusable
from service.cli.progress import progress_bar
from service.cli.reading import RETRY_SECONDS, Instruments, Producers, RetrySeconds, moment, reading
from service.client import FeedSignal, Page, SignalsReader
from service.client.feed import decoded
from service.client.questions import Wanted
from service.client.signal import json_text
from service.kernel.timestamps import parse_timestamp, utc_text


class Format(StrEnum):
    """How signals are written."""

    NDJSON = "ndjson"
    CSV = "csv"


def export(
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="What was stored then or later; all, if not given.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="What was stored before; all, if not given.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="One JSON object a line, or CSV.")] = Format.NDJSON,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", dir_okay=False, help="Write here; what broke off is gone on with."),
    ] = None,
    instrument: Instruments = [],  # noqa: B006  # typer's way
    producer: Producers = [],  # noqa: B006
    payload: Annotated[str | None, typer.Option(help="A JSON object that the payload must contain.")] = None,
    url: Url = DEFAULT_URL,
    retry_seconds: RetrySeconds = RETRY_SECONDS,
) -> None:
    """Write signals to standard output or to a file, in the order of the feed, every digit as it was sent.

    A time is like 2026-01-31T12:00:00Z, or like 24h: so long ago. The same command with the same FILE goes on where it
    broke off, and does nothing when the file is whole. The token of a reader comes from SIGNALS_READER_TOKEN, or from
    the file that SIGNALS_READER_TOKEN_FILE names.

    Example: `signals export --from 24h --instrument XAUUSD > signals.ndjson`

    Example: `signals export --from 2026-01-01T00:00:00Z --format csv --output signals.csv`
    """
    times = {name: utc_text(moment(text)) for name, text in {"since": since, "until": until}.items() if text}
    wanted: Wanted = {"instrument": instrument, "producer": producer, "payload": _payload(payload)}
    with reading(url, retry_seconds) as reader:
        if output is None:
            for lines, _ in _written(_pages(reader, None, times, wanted), format, begun=False):
                sys.stdout.write(lines)
                sys.stdout.flush()
        elif output.exists():
            show_line("done:", f"{output} is there already", console=Console(stderr=True))
        else:
            asked = {"url": url, "from": since, "to": until, "format": format, "payload": payload}
            with _failures_told():
                _to_file(reader, output, {**asked, "instrument": instrument, "producer": producer}, times, wanted)


def _payload(text: str | None) -> Mapping[str, Any] | None:
    try:
        return None if text is None else decoded(text)
    except ValueError:
        raise typer.BadParameter("--payload: not a JSON object") from None


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except (OSError, Unusable) as error:
        show_line("refused", str(error), console=Console(stderr=True))
        raise typer.Exit(Exit.REFUSED) from None


def _to_file(
    reader: SignalsReader,
    path: Path,
    asked: Mapping[str, Any],
    times: Mapping[str, str],
    wanted: Wanted,
) -> None:
    console = Console(stderr=True)
    with PartialFile(path, asked, times) as file:
        begun = file.reached
        if begun.cursor is not None:
            show_line("note", f"goes on after {begun.signals} signals", console=console)
        pages = _pages(reader, begun.cursor, begun.settled, wanted)
        for lines, page in _written(pages, asked["format"], begun=begun.cursor is not None):
            file.add(lines, len(_signals(page)), page.cursor)
        file.finish()
        show_line("done:", f"{file.reached.signals} signals in {path}", console=console)


def _signals(page: Page) -> list[FeedSignal]:
    """What became of them is not exported."""
    return [event.signal for event in page.events if event.signal]


def _pages(reader: SignalsReader, cursor: str | None, times: Mapping[str, str], wanted: Wanted) -> Iterator[Page]:
    """The pages, and a progress bar while they are read, where a terminal is."""
    since, until = (parse_timestamp(times[name]) if name in times else None for name in ("since", "until"))
    columns = TextColumn("{task.fields[signals]} signals"), BarColumn(), TimeRemainingColumn()
    with progress_bar(*columns, console=Console(stderr=True)) as bar:
        complete: Wanted = {**wanted, "since": since, "until": until}
        yield from _watched(reader.pages(cursor, **complete), bar, since)


def _watched(pages: Iterable[Page], bar: Progress, since: datetime | None) -> Iterator[Page]:
    """How many there are is not known, but how far in time they have come, and that is shown."""
    task = bar.add_task("Reading", total=None, signals=0)
    come = 0
    for page in pages:
        yield page
        signals = _signals(page)
        come += len(signals)
        if signals:
            last = signals[-1].created_at
            since = since or signals[0].created_at
            total, reached = ((time - since).total_seconds() for time in (page.complete_until, last))
            bar.update(task, total=total, completed=reached, signals=come)


def _written(pages: Iterable[Page], format: Format, *, begun: bool) -> Iterator[tuple[str, Page]]:
    """Pages as lines."""
    for page in pages:
        fields = [signal.fields for signal in _signals(page)]
        if format is Format.CSV:
            yield ("" if begun else spreadsheet.heading()) + spreadsheet.rows(fields), page
        else:
            yield "".join(f"{json_text(each)}\n" for each in fields), page
        begun = True
