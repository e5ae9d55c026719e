"""`signals send-batch`: many signals from a file, many in one request."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.cli.batch import Line, Result, result_of
from service.cli.display import show_line
from service.cli.formats import READERS, Format
from service.cli.ledger import Ledger
from service.cli.notes import attempts_told
from service.cli.options import DEFAULT_URL, ProducerId, SecretFile, Url, file_name
from service.cli.sending import RETRY_SECONDS, client_of, reading, tell
from service.client import Fate, SignalRefused, SignalsClient, SignalsError
from service.client.failures import BUSY, BodyRefused
from service.client.many import BATCH_BYTES, BATCH_ITEMS, batch_body, fault_of, fewer_than


def send_batch(
    file: Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="Signals; - is standard input.")],
    form: Annotated[
        Format | None,
        typer.Option("--format", help="How they are written: by the name of the file, or JSON lines."),
    ] = None,
    url: Url = DEFAULT_URL,
    producer_id: ProducerId = None,
    secret_file: SecretFile = None,
    retry_seconds: Annotated[float, typer.Option(help="How long to try to send a batch.", min=0)] = RETRY_SECONDS,
    as_json: Annotated[bool, typer.Option("--json", help="Tell of each signal as one JSON object a line.")] = False,
) -> None:
    """Send many signals from a file of JSON lines or CSV, hundreds in one request.

    How far it came is kept in FILE.progress: after a break the same command goes on where it ended, and never sends
    anything twice. A faulty signal is told, and the others are sent.

    Example: `signals send-batch --producer-id my-bot --secret-file secret.txt signals.csv`
    """
    console, name = Console(stderr=True), file_name(file)
    by_name = Format.CSV if name is not None and name.endswith(".csv") else Format.NDJSON
    ledger = Ledger(None if name is None or not Path(name).is_file() else Path(name))
    client = client_of(url, producer_id, secret_file, retry_seconds, console)
    with reading(file, console) as lines, attempts_told(console), client:
        sending = _Sending(client, ledger)
        tally = tell(sending.send(READERS[form or by_name](lines)), many=True, as_json=as_json)
    ledger.close()
    show_line("done:", str(tally), console=console)
    raise typer.Exit(tally.exit)


class _Sending:
    """One part after the other, each settled before the next is begun."""

    def __init__(self, client: SignalsClient, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger
        self._items = BATCH_ITEMS
        self._waiting: dict[int, bytes] = {}

    def send(self, lines: Iterable[Line]) -> Iterator[Result]:
        """Send what is not settled yet, and tell what became of each, to what would meet all the others as well."""
        unsettled = {*self._ledger.again, *(self._ledger.under_way.lines if self._ledger.under_way else ())}
        for number, body in lines:
            if number <= self._ledger.settled and number not in unsettled:
                continue
            if fault := fault_of(body):
                yield result_of(number, fault)
                continue
            if self._full(body) and (yield from self._send_some()):
                return
            self._waiting[number] = body
        while self._waiting:
            if (yield from self._send_some()):
                return

    def _full(self, body: bytes) -> bool:
        under_way = self._ledger.under_way
        if under_way is not None and not self._waiting.keys() >= {*under_way.lines}:
            return False
        size = sum(len(each) + 1 for each in self._waiting.values()) + len(body)
        return len(self._waiting) >= self._items or (bool(self._waiting) and size > BATCH_BYTES)

    def _send_some(self) -> Generator[Result, None, bool]:
        """Send the next part; whether that was the end."""
        lines = self._ledger.begin(tuple(islice(self._waiting, self._items)))
        try:
            fates = self._ask(lines)
        except KeyboardInterrupt:
            reason = "interrupted: the signals may be stored or not; the same command again goes on"
            yield Result(lines[0], "unknown", reason, {"reason": reason}, final=True)
            return True
        except SignalsError as error:
            return (yield from self._cope(lines, error))
        for line, fate in zip(lines, fates, strict=True):
            if not (isinstance(fate, SignalRefused) and fate.code in BUSY):
                del self._waiting[line]
                yield result_of(line, fate)
        self._settle(lines)
        return False

    def _ask(self, lines: Sequence[int]) -> Sequence[Fate]:
        return self._client.send_batch(batch_body([self._waiting[line] for line in lines]), key=self._ledger.key)

    def _cope(self, lines: Sequence[int], error: SignalsError) -> Generator[Result, None, bool]:
        """Send fewer at once, where they were too many."""
        if fewer := fewer_than(error, len(lines)):
            self._items = fewer
            self._settle(lines)
            return False
        for line in lines:
            yield result_of(line, error)
        if not isinstance(error, BodyRefused):
            return True
        for line in lines:
            del self._waiting[line]
        self._settle(lines)
        return False

    def _settle(self, lines: Sequence[int]) -> None:
        """What is left of these, and of earlier ones, is to be sent again."""
        settled = max(self._ledger.settled, *lines)
        self._ledger.settle(settled, tuple(line for line in self._waiting if line <= settled))
