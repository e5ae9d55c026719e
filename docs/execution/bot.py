"""An execution bot: it acts once on each fresh signal, and goes on after a restart where it was."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.client import FeedSignal, SignalsReader

OLDEST = timedelta(seconds=30)
CURSOR, ORDERS = Path("cursor"), Path("orders")


def place(signal: FeedSignal) -> None:
    """Your broker comes here. The signal's id is the order's own: no second order is taken for it."""
    try:
        with (ORDERS / str(signal.id)).open("x") as order:
            print("buy" if signal.side == 0 else "sell", signal.instrument, signal.payload, file=order)
    except FileExistsError:
        print(f"{signal.id} was placed before the restart", flush=True)


def keep(cursor: str) -> None:
    """A file is whole or not there, also when the bot dies in between."""
    Path("cursor.new").write_text(cursor)
    Path("cursor.new").replace(CURSOR)


ORDERS.mkdir(exist_ok=True)
begin = CURSOR.read_text() if CURSOR.exists() else None
with SignalsReader(os.environ["SIGNALS_URL"], token=os.environ.get("SIGNALS_READER_TOKEN")) as reader:
    for event in reader.follow(begin, on_place=keep, instrument="XAU*"):
        if signal := event.signal:
            fresh = datetime.now(UTC) - signal.time <= OLDEST
            if fresh:
                place(signal)
            print(signal.id, "is placed" if fresh else "is passed over: too old", flush=True)
        keep(event.cursor)
