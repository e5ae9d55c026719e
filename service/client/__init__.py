"""The client: it signs, sends, and sends again without ever making a double; and it reads, and never skips.

    from decimal import Decimal
    from service.client import Side, Signal, SignalsClient, SignalsReader

    with SignalsClient("https://signals.example", producer_id="my-bot", secret=SECRET) as client:
        stored = client.send(Signal("XAUUSD", Side.BUY, payload={"stop_loss": Decimal("1945.50")}))

    with SignalsReader("https://signals.example", token=TOKEN) as reader:
        for event in reader.follow(cursor):
            ...

`AsyncSignalsClient` and `AsyncSignalsReader` are the same with `await`. They need httpx and httpx-sse, and nothing of
the server.
"""

from service.client.answers import Fate
from service.client.async_reader import AsyncSignalsReader
from service.client.clients import AsyncSignalsClient, SignalsClient
from service.client.failures import (
    AlreadyStored,
    BodyRefused,
    CursorExpired,
    InvalidSignal,
    NotSent,
    OutcomeUnknown,
    ReadingRefused,
    ServiceBusy,
    ServiceUnreachable,
    SignalRefused,
    SignalsError,
    SignatureRefused,
    UnexpectedAnswer,
)
from service.client.feed import Event, FeedSignal, Page, StatusChange
from service.client.reader import SignalsReader
from service.client.retries import Retries
from service.client.signal import Side, Signal, StoredSignal
from service.client.signature import ProducerSignature

__all__ = [
    "AlreadyStored",
    "AsyncSignalsClient",
    "AsyncSignalsReader",
    "BodyRefused",
    "CursorExpired",
    "Event",
    "Fate",
    "FeedSignal",
    "InvalidSignal",
    "NotSent",
    "OutcomeUnknown",
    "Page",
    "ProducerSignature",
    "ReadingRefused",
    "Retries",
    "ServiceBusy",
    "ServiceUnreachable",
    "Side",
    "Signal",
    "SignalRefused",
    "SignalsClient",
    "SignalsError",
    "SignalsReader",
    "SignatureRefused",
    "StatusChange",
    "StoredSignal",
    "UnexpectedAnswer",
]
