"""The producers' client: signs, sends, and sends again without ever making a double.

    from decimal import Decimal
    from service.client import Side, Signal, SignalsClient

    with SignalsClient("https://signals.example", producer_id="my-bot", secret=SECRET) as client:
        stored = client.send(Signal("XAUUSD", Side.BUY, payload={"stop_loss": Decimal("1945.50")}))

`AsyncSignalsClient` is the same with `await`. Both need httpx, and nothing of the server.
"""

from service.client.answers import Fate
from service.client.clients import AsyncSignalsClient, SignalsClient
from service.client.failures import (
    AlreadyStored,
    BodyRefused,
    InvalidSignal,
    NotSent,
    OutcomeUnknown,
    ServiceBusy,
    ServiceUnreachable,
    SignalRefused,
    SignalsError,
    SignatureRefused,
    UnexpectedAnswer,
)
from service.client.retries import Retries
from service.client.signal import Side, Signal, StoredSignal
from service.client.signature import ProducerSignature

__all__ = [
    "AlreadyStored",
    "AsyncSignalsClient",
    "BodyRefused",
    "Fate",
    "InvalidSignal",
    "NotSent",
    "OutcomeUnknown",
    "ProducerSignature",
    "Retries",
    "ServiceBusy",
    "ServiceUnreachable",
    "Side",
    "Signal",
    "SignalRefused",
    "SignalsClient",
    "SignalsError",
    "SignatureRefused",
    "StoredSignal",
    "UnexpectedAnswer",
]
