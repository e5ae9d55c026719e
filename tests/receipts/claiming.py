"""Signals that claim more than their signature, and what their receipts must be."""

from service.receipts.claims import Claim, Content, claim_of_content, claim_of_key
from service.receipts.statement import NewSignal
from tests.intake.storing import UNSIGNED, signed

DAY = 86_400


def key(name: str = "order-1", body: bytes = b"{}") -> Claim:
    """An idempotency key of producer alpha."""
    return claim_of_key(name, body, route="signals", producer_id="alpha", signed=True, seconds=DAY)


def content(signal: NewSignal = UNSIGNED, *, refuse: bool = False, price: str = "1") -> Content:
    """What a signal says, with a payload of the tests."""
    claim = claim_of_content(
        producer_id="alpha",
        signed=True,
        instrument=signal.instrument,
        side=signal.side,
        time=signal.time,
        payload={"price": price},
        version=signal.version,
        seconds=DAY,
    )
    return Content(claim, refuse)


def keyed(number: int = 1, name: str = "order-1", body: bytes = b"{}") -> NewSignal:
    """A signal under an idempotency key; the same number gives the same signed request."""
    return signed(number)._replace(idempotency=key(name, body))


def repeated(number: int = 1, instrument: str = "XAUUSD", *, refuse: bool = False, price: str = "1") -> NewSignal:
    """A signal of a producer whose duplicates are returned or refused."""
    signal = signed(number)._replace(instrument=instrument)
    return signal._replace(content=content(signal, refuse=refuse, price=price))
