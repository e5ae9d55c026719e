"""Signatures under attack: none is accepted but the right one, and none tells who is known."""

from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

import pytest

from service.proof.doctor import examine
from service.proof.errors import SignatureMalformed, SignatureMismatch, TimestampMalformed
from service.proof.mistakes import Presented
from service.proof.signing import check_window, verify
from tests.hostile.forgeries import forged
from tests.hostile.requests import signal_body, signed
from tests.hostile.seed import SEED, drawing
from tests.running.deployment import SECRET
from tests.speaking.producer import SIGNATURE

FORGERIES = 10_000
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TIMESTAMPS = (b"2026-01-31T12:00:00Z", b"2026-01-31T17:30:00+05:30", b"2026-01-31T12:00:00.123456789+00:00")

MEASURED = 300
TOLERANCE = 0.25
"""Both are measured in turn, so whatever else the machine does meets them alike; a MAC or a guess left out takes half
of the time or more away."""


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


def _verify(request: Presented, secrets: list[bytes]) -> None:
    with pytest.raises(SignatureMismatch):
        verify(secrets, request.body, request.timestamp, request.producer_id, request.signature)


def _examine(request: Presented, secrets: list[bytes]) -> None:
    assert "hint" not in examine(request, secrets, NOW)


@pytest.mark.parametrize("act", [_verify, _examine])
@pytest.mark.parametrize("size", [300, 30_000])
def test_an_unknown_producer_takes_as_long_as_a_known_one(
    act: Callable[[Presented, list[bytes]], None], size: int
) -> None:
    """Seen to fail when no MAC is computed for a producer without a secret, and when no guesses are made for it."""
    wrong = signed(signal_body().ljust(size), secret=b"guess", timestamp=TIMESTAMPS[0])
    request = Presented(wrong.body or b"", TIMESTAMPS[0], b"alpha", wrong.header(SIGNATURE))
    seconds: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(MEASURED):
        for who, secrets in {"known": [SECRET], "unknown": []}.items():
            started = perf_counter()
            act(request, secrets)
            seconds[who].append(perf_counter() - started)
    assert median(seconds["unknown"]) == pytest.approx(median(seconds["known"]), rel=TOLERANCE)
