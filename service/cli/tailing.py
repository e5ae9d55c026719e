"""`signals tail`."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from service.cli.administration import AsJson
from service.cli.options import DEFAULT_URL, Url
from service.cli.reading import RETRY_SECONDS, Instruments, Producers, RetrySeconds, cell, moment, reading
from service.client import Event, FeedSignal, Side, StatusChange
from service.client.questions import Filter
from service.client.signal import json_text
from service.kernel.timestamps import utc_text

_LOOKS = {Side.BUY: ("▲", "buy", "green"), Side.SELL: ("▼", "sell", "red")}
"""The shape tells those apart who see no difference between the colours."""

STATUSES = ("new", "queued", "closed")

_STATES = {1: ("●", "cyan"), 2: ("○", "dim")}


def tail(
    instrument: Instruments = [],  # noqa: B006  # typer's way
    producer: Producers = [],  # noqa: B006
    live: Annotated[bool, typer.Option("--live", help="Only what is neither closed nor expired.")] = False,
    unapproved: Annotated[bool, typer.Option("--unapproved", help="Also what nobody has approved yet.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option("--from", parser=moment, metavar="TIME", help="Begin with what was stored then, like 1h ago."),
    ] = None,
    url: Url = DEFAULT_URL,
    retry_seconds: RetrySeconds = RETRY_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show signals as they come, and what becomes of them, until Ctrl-C. A connection that breaks off is taken up again
    where it was.

    The token of a reader comes from SIGNALS_READER_TOKEN, or from the file that SIGNALS_READER_TOKEN_FILE names.

    Example: `signals tail --instrument 'XAU*' --from 1h`
    """
    console = Console()
    with reading(url, retry_seconds) as reader:
        try:
            wanted: Filter = {"instrument": instrument, "producer": producer, "live": live, "unapproved": unapproved}
            for event in reader.follow(since=since, give_up_after=retry_seconds, **wanted):
                if as_json:
                    print(_line(event), flush=True)
                elif event.signal:
                    _show(event.signal, console)
                elif event.change:
                    _show_change(event.change, console)
        except KeyboardInterrupt:
            return


def _line(event: Event) -> str:
    told = event.signal or event.change
    return json_text({"event": event.kind, "cursor": event.cursor, **(told.fields if told else {})})


def _show(signal: FeedSignal, console: Console) -> None:
    shape, word, colour = _LOOKS[Side(signal.side)]
    time, producer, payload = utc_text(signal.created_at), cell(signal.producer_id), cell(signal.payload)
    state = _state(signal)
    if not console.is_terminal:
        print(time, word, signal.instrument, producer, payload, signal.id, state, sep="\t", flush=True)
        return
    look = Text(f"{shape} {word:<4}", f"bold {colour}")
    told = f"{signal.instrument:<12} {producer}  {payload}"
    parts = [Text(time), look, Text(told), Text(state, "dim"), Text(str(signal.id), "dim")]
    console.print(Text("  ").join(parts), soft_wrap=True)


def _state(signal: FeedSignal) -> str:
    """What it was when it came, and until when it is good."""
    waits = "waits for approval" if signal.fields.get("approval") == "required" and not signal.status else ""
    until = f"until {utc_text(signal.expires_at)}" if signal.expires_at else ""
    word = "expired" if signal.expired else waits or STATUSES[signal.status]
    return " ".join(filter(None, [word, until]))


def _show_change(change: StatusChange, console: Console) -> None:
    shape, colour = _STATES[change.status]
    word = STATUSES[change.status]
    time, who, reason = utc_text(change.at), cell(change.by), cell(change.reason)
    if not console.is_terminal:
        print(time, word, change.instrument, who, reason, change.signal_id, sep="\t", flush=True)
        return
    told = Text(f"{change.instrument:<12} {who}  {reason}")
    console.print(
        Text("  ").join([Text(time), Text(f"{shape} {word}", colour), told, Text(str(change.signal_id), "dim")]),
        soft_wrap=True,
    )
