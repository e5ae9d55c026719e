"""The doctor: what a refused proof is told, and what nobody is told."""

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.ration import Ration
from service.proof.doctor import examine, examine_headers, signature_hint
from service.proof.errors import SignatureMalformed, TimestampMalformed, TimestampOutsideWindow
from service.proof.mistakes import REHASH_MAX_BYTES, REWRITE_MAX_BYTES, Presented
from service.proof.signing import UNKNOWN_PRODUCER_SECRET
from tests.proof.presented import BODY, KNOWN, RIGHT, SECRET, SENDER, STAMP, mac, presented, spelled

NOW = datetime(2026, 1, 31, 12, 0, 7, 250_000, tzinfo=UTC)


class TestUnknownProducer:
    """Nothing tells it apart from a known one with a wrong signature."""

    def test_the_secret_that_stands_in_for_none_opens_nothing(self) -> None:
        request = presented(BODY, secret=UNKNOWN_PRODUCER_SECRET)
        assert signature_hint(request, []) is None
        assert signature_hint(request, [SECRET]) is None

    def test_the_answer_has_the_same_shape(self) -> None:
        request = presented(BODY, secret=b"another")
        assert examine(request, [], NOW, Ration(1)) == examine(request, [SECRET], NOW, Ration(1))

    @pytest.mark.parametrize("body", [BODY, b"x" * REHASH_MAX_BYTES, b"x" * (REHASH_MAX_BYTES + 1)])
    def test_the_same_work_is_done(self, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        wrong, mistaken = presented(b"other", body=body), presented(body, body=body)
        work = [
            comparisons(monkeypatch, wrong, []),
            comparisons(monkeypatch, wrong, [SECRET]),
            comparisons(monkeypatch, mistaken, [SECRET]),
            comparisons(monkeypatch, mistaken, [SECRET, b"old"]),
            comparisons(monkeypatch, wrong, [b"a secret, in words"]),
        ]
        assert len(work[0]) > 2
        assert work == work[:1] * len(work)


def comparisons(monkeypatch: pytest.MonkeyPatch, request: Presented, secrets: list[bytes]) -> list[int]:
    """The lengths of all that is compared to find a hint, in order."""
    lengths = []
    compare = hmac.compare_digest

    def recording(guess: bytes, given: bytes) -> bool:
        lengths.append(len(guess))
        return compare(guess, given)

    with monkeypatch.context() as patch:
        patch.setattr(hmac, "compare_digest", recording)
        signature_hint(request, secrets)
    return lengths


class TestBounds:
    """Guessing costs the service something, so what is large is guessed at less."""

    @pytest.mark.parametrize(("size", "told"), [(REWRITE_MAX_BYTES, True), (REWRITE_MAX_BYTES + 1, False)])
    def test_json_is_written_anew_up_to_a_size(self, size: int, told: bool) -> None:
        body = b'{"a": "%s"}' % (b"x" * (size - 9))
        assert len(body) == size
        hint = signature_hint(presented(body.replace(b" ", b"") + STAMP + SENDER, body=body), [SECRET])
        assert (hint is not None) is told

    @pytest.mark.parametrize(("size", "told"), [(REHASH_MAX_BYTES, True), (REHASH_MAX_BYTES + 1, False)])
    @pytest.mark.parametrize("mistake", ["order", "secret"])
    def test_parts_are_reordered_and_secrets_reread_up_to_a_size(self, size: int, told: bool, mistake: str) -> None:
        body = b"x" * size
        message = STAMP + body + SENDER if mistake == "order" else body + STAMP + SENDER
        secret = SECRET if mistake == "order" else SECRET + b"\n"
        assert (signature_hint(presented(message, secret=secret, body=body), [SECRET]) is not None) is told

    def test_what_follows_the_body_is_guessed_at_any_size(self) -> None:
        body = b"x" * 200_704
        hint = signature_hint(presented(body + b"\n" + STAMP + SENDER, body=body), [SECRET])
        assert hint is not None
        assert "line break" in hint

    @pytest.mark.parametrize(
        "body",
        [
            b"[" * REWRITE_MAX_BYTES,
            b"[" * 1000 + b"]" * 1000,
            b'{"a":' * 280 + b"1" + b"}" * 280,
            b"1" * REWRITE_MAX_BYTES,
            b'{"a":1e400}',
            b'{"a":NaN}',
            b'"\\ud800"',
            b'"\xff"',
            b"",
        ],
    )
    def test_hostile_json_is_no_fit_and_no_failure(self, body: bytes) -> None:
        assert signature_hint(presented(b"other", body=body), [SECRET]) is None

    @given(st.binary(max_size=200), st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=100))
    def test_nothing_makes_it_fail(self, body: bytes, stamp: bytes, sender: bytes, signature: bytes) -> None:
        hint = signature_hint(Presented(body, stamp, sender, signature), [SECRET])
        assert hint is None or hint.startswith("X-Signature is ")

    @pytest.mark.parametrize("stamp", [b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59"])
    def test_a_timestamp_at_the_end_of_time_is_no_failure(self, stamp: bytes) -> None:
        assert signature_hint(presented(b"other", stamp=stamp), [SECRET]) is None


class TestExamination:
    """What the answer tells beside the refusal."""

    def test_it_tells_what_was_received(self) -> None:
        assert examine(presented(b"other"), [SECRET], NOW, Ration(1)) == {
            "server_time": "2026-01-31T12:00:07.250Z",
            "skew_seconds": -6,
            "body_bytes": len(BODY),
            "body_sha256": hashlib.sha256(BODY).hexdigest(),
        }

    @pytest.mark.parametrize(
        ("ahead", "skew"),
        [
            (timedelta(0), 0),
            (timedelta(seconds=300), 300),
            (timedelta(seconds=300, microseconds=1), 301),
            (timedelta(seconds=-300), -300),
            (timedelta(seconds=-300, microseconds=-1), -300),
            (timedelta(seconds=-301), -301),
        ],
    )
    def test_the_skew_is_counted_as_the_window_is(self, ahead: timedelta, skew: int) -> None:
        stamp = (NOW + ahead).isoformat().encode()
        found = examine_headers(TimestampOutsideWindow(), stamp, b"", NOW)
        assert found["skew_seconds"] == skew

    @pytest.mark.parametrize("stamp", [b"", b"1769860800", b"2026-01-31T12:00:00", b"\xff"])
    def test_a_timestamp_that_cannot_be_read_has_no_skew(self, stamp: bytes) -> None:
        found = examine_headers(TimestampMalformed(), stamp, b"", NOW)
        assert found.keys() == {"server_time"}

    def test_a_signature_that_does_not_match_gets_its_hint(self) -> None:
        request = spelled(RIGHT.hex().encode())
        assert examine(request, [SECRET], NOW, Ration(1))["hint"] == signature_hint(request, [SECRET])

    def test_one_that_is_malformed_is_told_about_its_spelling_without_its_body(self) -> None:
        found = examine_headers(SignatureMalformed(), STAMP, b64encode(RIGHT).rstrip(b"="), NOW)
        assert found == {
            "server_time": "2026-01-31T12:00:07.250Z",
            "skew_seconds": -6,
            "hint": "X-Signature is another dialect of base64: send standard base64 of the 32 bytes, with padding",
        }

    @pytest.mark.parametrize("refusal", [TimestampMalformed(), TimestampOutsideWindow()])
    def test_a_refused_timestamp_says_nothing_of_the_signature(
        self, refusal: TimestampMalformed | TimestampOutsideWindow
    ) -> None:
        assert "hint" not in examine_headers(refusal, STAMP, RIGHT.hex().encode(), NOW)

    @pytest.mark.parametrize(
        ("seconds", "hours"),
        [
            (3600, "1 h ahead"),
            (-7200, "2 h behind"),
            (19_800 - 60, "5.5 h ahead"),
            (-3600 - 60, "1 h behind"),
            (14 * 3600 + 60, "14 h ahead"),
            (3600 + 61, None),
            (1000, None),
            (-301, None),
            (14 * 3600 + 1800, None),
            (24 * 3600, None),
        ],
    )
    def test_local_time_marked_as_utc_is_recognised(self, seconds: int, hours: str | None) -> None:
        stamp = (NOW + timedelta(seconds=seconds)).isoformat().encode()
        hint = examine_headers(TimestampOutsideWindow(), stamp, b"", NOW).get("hint")
        expected = f"X-Timestamp is {hours}: it looks like local time marked as UTC, so send true UTC"
        assert hint == (expected if hours else None)

    @pytest.mark.parametrize("message", [*KNOWN.values(), b"other"])
    def test_neither_the_secret_nor_the_right_mac_is_told(self, message: bytes) -> None:
        told = json.dumps(examine(presented(message), [SECRET], NOW, Ration(1)))
        for kept in (SECRET.decode(), RIGHT.hex(), b64encode(RIGHT).decode(), b64encode(mac(message)).decode()):
            assert kept not in told
