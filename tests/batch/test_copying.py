"""Which signals come into the table by COPY."""

import pytest

from service.batch.copying import may_copy
from service.lives.session import PooledSession, Session
from service.receipts.identifiers import new_id
from service.receipts.statement import NewSignal
from tests.intake.storing import UNSIGNED, signed
from tests.receipts.claiming import content, key

LARGE = UNSIGNED._replace(payload=b'{"a":"%b"}' % (b"a" * 131_064))


@pytest.mark.parametrize("signal", [UNSIGNED, UNSIGNED._replace(payload=None), LARGE])
def test_what_claims_nothing_does_and_not_through_a_pooler(signal: NewSignal) -> None:
    signals = {new_id(): signal, new_id(): signal}
    assert may_copy(Session, signals)
    assert not may_copy(PooledSession, signals)


@pytest.mark.parametrize(
    "signal",
    [signed(), UNSIGNED._replace(idempotency=key()), UNSIGNED._replace(content=content())],
    ids=["signature", "key", "content"],
)
def test_what_claims_something_does_not(signal: NewSignal) -> None:
    assert not may_copy(Session, {new_id(): UNSIGNED, new_id(): signal})


def test_what_asyncpg_would_hand_over_in_pieces_does_not() -> None:
    assert not may_copy(Session, {new_id(): LARGE, new_id(): LARGE, new_id(): UNSIGNED})
