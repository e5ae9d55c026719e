"""Signatures under attack: none is accepted but the right one."""

from datetime import UTC, datetime

import pytest

from service.proof.errors import SignatureMalformed, SignatureMismatch, TimestampMalformed
from service.proof.signing import check_window, verify
from tests.hostile.forgeries import forged
from tests.hostile.requests import signal_body, signed
from tests.hostile.seed import SEED, drawing
from tests.running.deployment import SECRET
from tests.speaking.producer import SIGNATURE

FORGERIES = 10_000
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TIMESTAMPS = (b"2026-01-31T12:00:00Z", b"2026-01-31T17:30:00+05:30", b"2026-01-31T12:00:00.123456789+00:00")


def test_no_forgery_is_accepted() -> None:
    """Seen to fail when base64 is decoded before it is compared, when a beginning is enough, and when the body alone
    may be signed."""
    for number in range(FORGERIES):
        draw = drawing("forgery", number)
        body = signal_body(version=str(number + 1))
        timestamp, producer_id = draw.choice(TIMESTAMPS), draw.choice([b"alpha", b"a", b"!" * 64])
        signature = forged(draw, SECRET, body, timestamp, producer_id)
        try:
            verify([b"old" * 11, SECRET], body, timestamp, producer_id, signature)
        except (SignatureMalformed, SignatureMismatch):
            continue
        pytest.fail(f"HOSTILE_SEED={SEED}, number {number}: accepted {signature!r}")


@pytest.mark.parametrize("timestamp", TIMESTAMPS)
@pytest.mark.parametrize("producer_id", [b"alpha", b":30alpha", b"0", b"Z"])
def test_of_all_cuts_of_the_signed_bytes_one_is_accepted(timestamp: bytes, producer_id: bytes) -> None:
    """The MAC is the same for every cut, which is the trick; the form of the timestamp leaves one of them.

    Seen to fail when the timestamp may have a zone of hours only, or with seconds.
    """
    body = signal_body()
    request = signed(body, timestamp=timestamp, producer_id=producer_id)
    whole = body + timestamp + producer_id
    accepted = []
    for first in range(len(body) - 20, len(whole)):
        for second in range(first, len(whole)):
            cut = whole[:first], whole[first:second], whole[second:]
            assert verify([SECRET], *cut, request.header(SIGNATURE))
            try:
                check_window(cut[1], NOW)
            except TimestampMalformed:
                continue
            accepted.append(cut)
    assert accepted == [(body, timestamp, producer_id)]
