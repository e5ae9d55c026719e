"""`signals send`: one signal from options, or many from a file of JSON lines."""

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from service.cli.batch import Line, Result, Tally, check_each, send_each
from service.cli.display import show_line
from service.cli.formats import READERS, Format
from service.cli.notes import attempts_told
from service.cli.options import (
    DEFAULT_URL,
    SECRET_VARIABLE,
    ProducerId,
    SecretFile,
    Url,
    required_producer_id,
    secret_from,
)
from service.cli.progress import progress_bar
from service.client import Retries, Side, Signal, SignalsClient
from service.client.signature import timestamp_text
from service.kernel.timestamps import parse_timestamp, utc_now

RETRY_SECONDS = 60.0


class SideName(StrEnum):
    """A side in words."""

    BUY = "buy"
    SELL = "sell"


def send(
    file: Annotated[
        typer.FileBinaryRead | None,
        typer.Argument(metavar="FILE", help="Signals, one JSON object a line; - is standard input."),
    ] = None,
    instrument: Annotated[str | None, typer.Option(help="What to trade, for example XAUUSD.")] = None,
    side: Annotated[SideName | None, typer.Option(help="Which way.")] = None,
    time: Annotated[str | None, typer.Option(help="When, like 2026-01-31T12:00:00Z; now if it is not given.")] = None,
    payload: Annotated[str | None, typer.Option(help="A JSON object of your own, kept digit for digit.")] = None,
    version: Annotated[int | None, typer.Option(help="The version of the signal; 1 if it is not given.")] = None,
    url: Url = DEFAULT_URL,
    producer_id: ProducerId = None,
    secret_file: SecretFile = None,
    retry_seconds: Annotated[float, typer.Option(help="How long to try to send a signal.", min=0)] = RETRY_SECONDS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the signals here, and send none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Tell of each signal as one JSON object a line.")] = False,
) -> None:
    """Send one signal, or many, each when the one before is settled.

    A signal is signed when there is a secret, and sent again when that can make no double. A faulty signal in a
    file is told, and the next one is sent; what would meet all the others as well is the end.

    Example: `signals send --instrument XAUUSD --side buy --payload '{"stop_loss": 1945.50}'`

    Example: `signals send --producer-id my-bot --secret-file secret.txt signals.jsonl`
    """
    options = {"instrument": instrument, "side": side, "time": time, "payload": payload, "version": version}
    given = {name: value for name, value in options.items() if value is not None}
    if file is not None and given:
        raise typer.BadParameter("a signal comes from FILE or from options, not from both")
    console = Console(stderr=True)
    with _lines(file, given, console) as lines:
        if dry_run:
            results = check_each(lines, _rules())
        else:
            results = _sent(lines, client_of(url, producer_id, secret_file, retry_seconds, console), console)
        tally = tell(results, many=file is not None, as_json=as_json)
    if file is not None:
        show_line("done:", str(tally), console=console)
    raise typer.Exit(tally.exit)


@contextmanager
def _lines(file: BinaryIO | None, given: dict[str, Any], console: Console) -> Iterator[Iterable[Line]]:
    """The bodies to send, and a progress bar while those of a file are read, where a terminal is."""
    if file is None:
        yield [(1, _from_options(**given))]
        return
    with reading(file, console) as lines:
        yield READERS[Format.NDJSON](lines)


@contextmanager
def reading(file: BinaryIO, console: Console) -> Iterator[Iterable[bytes]]:
    """The lines of a file, and a progress bar while they are read, where a terminal is."""
    with progress_bar(DownloadColumn(), BarColumn(), TimeRemainingColumn(), console=console) as bar:
        yield _read(file, bar)


def _read(file: BinaryIO, bar: Progress) -> Iterator[bytes]:
    status = os.fstat(file.fileno())
    task = bar.add_task("Sending", total=status.st_size if stat.S_ISREG(status.st_mode) else None)
    for line in file:
        yield line
        bar.advance(task, len(line))


def _from_options(
    instrument: str | None = None,
    side: SideName | None = None,
    time: str | None = None,
    payload: str | None = None,
    version: int = 1,
) -> bytes:
    if instrument is None or side is None:
        raise typer.BadParameter("give a FILE, or --instrument and --side")
    number = Side[side.name]
    return Signal(instrument, number, _moment(time), payload.encode() if payload else None, version).body()


def _moment(time: str | None) -> datetime:
    try:
        return utc_now() if time is None else parse_timestamp(time)
    except ValueError as error:
        raise typer.BadParameter(f"--time: {error}") from None


def client_of(
    url: str, producer_id: str | None, secret_file: Path | None, retry_seconds: float, console: Console
) -> SignalsClient:
    secret, retries = secret_from(secret_file), Retries(retry_seconds)
    try:
        if secret is not None:
            return SignalsClient(url, producer_id=required_producer_id(producer_id), secret=secret, retries=retries)
        show_line("note", f"not signed: there is neither {SECRET_VARIABLE} nor --secret-file", console=console)
        return SignalsClient(url, producer_id=producer_id, unsigned=True, retries=retries)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _rules() -> Callable[[bytes], object]:
    """The rules of the service with its default limit. Imported when they are wanted, since settings take a while."""
    from service.intake.signal import parse_signal
    from service.settings import Settings

    limit: int = Settings.model_fields["signals_payload_max_bytes"].default
    return lambda body: parse_signal(body, limit)


def _sent(lines: Iterable[Line], client: SignalsClient, console: Console) -> Iterator[Result]:
    """Send each signal, and tell on the way of each attempt that is repeated."""
    with client, attempts_told(console):
        yield from send_each(lines, client.send)


def tell(results: Iterable[Result], *, many: bool, as_json: bool) -> Tally:
    """Show what became of the signals: one by one as JSON, or for people those of a file that went wrong."""
    tally = Tally()
    for result in results:
        tally.add(result)
        if as_json:
            facts = {"line": result.line, "outcome": result.word, **result.facts}
            print(json.dumps(facts, default=_text, ensure_ascii=False), flush=True)
        elif not many:
            show_line(result.word, result.sentence)
        elif result.word not in {"accepted", "valid"}:
            show_line(result.word, f"line {result.line}: {result.sentence}")
    return tally


def _text(value: object) -> str:
    return timestamp_text(value) if isinstance(value, datetime) else str(value)
