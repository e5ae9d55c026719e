"""`signals sign`, `signals verify`, `signals explain`."""

import hashlib
import re
import shutil
import subprocess
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from service.cli.anatomy import visible
from tests.cli.program import Program, without_colours
from tests.observing.storage import Storage
from tests.running.deployment import SECRET
from tests.speaking.producer import compute_mac, time_text

BODY = b'{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z"}'
TIMESTAMP = "2026-01-31T12:00:01Z"
SIGNED_THEN = ("--timestamp", TIMESTAMP)


def signature(body: bytes = BODY, timestamp: str = TIMESTAMP, secret: bytes = SECRET) -> str:
    """The right signature, by the standard library alone."""
    return b64encode(compute_mac(secret, body, timestamp.encode(), b"my-bot")).decode()


def headers(output: str) -> dict[str, str]:
    """The headers in an output."""
    return dict(re.findall(r"^(X-[\w-]+): (.*)$", output, re.MULTILINE))


@pytest.fixture
def body(alone: Program) -> str:
    """The name of a file with a body; it needs quotes in a shell."""
    name = "my signal's body.json"
    (alone.directory / name).write_bytes(BODY)
    return name


def test_the_headers_of_a_body(alone: Program, body: str) -> None:
    ended = alone.run("sign", *SIGNED_THEN, body)
    assert ended.output == f"X-Producer-Id: my-bot\nX-Timestamp: {TIMESTAMP}\nX-Signature: {signature()}\n"
    assert alone.run("sign", *SIGNED_THEN, given=BODY).output == ended.output
    assert alone.run("sign", *SIGNED_THEN, "-", given=BODY).output == ended.output


def test_the_worked_example_of_the_protocol(alone: Program) -> None:
    alone.settings["HMAC_PRODUCER_SECRET"] = "only-for-trying-out-0123456789abcdef"
    body = b'{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"stop_loss":1945.50}}'
    told = headers(alone.run("sign", *SIGNED_THEN, given=body).output)
    assert told["X-Signature"] == "BAhm6QSNB7HHmglEql/Rz6uP1O3VzHGk468UYf1iLsg="


def test_a_body_is_signed_now_unless_told_otherwise(alone: Program) -> None:
    before = datetime.now(UTC)
    told = headers(alone.run("sign", given=BODY).output)
    assert before <= datetime.fromisoformat(told["X-Timestamp"]) <= datetime.now(UTC)
    assert told["X-Signature"] == signature(timestamp=told["X-Timestamp"])


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n  \n"], ids=["no line break", "a line break", "several"])
@pytest.mark.parametrize("place", ["a file", "the command itself"])
def test_the_curl_command_sends_the_very_bytes(
    program: Program, body: str, storage: Storage, place: str, end: bytes
) -> None:
    text = BODY[:-1] + ""","payload":{"note":"it's $HOME `ls` \\"quoted\\" @ 测试 🚀"}}""".encode() + end
    (program.directory / body).write_bytes(text)
    ended = program.run("sign", "--curl", body) if place == "a file" else program.run("sign", "--curl", given=text)
    done = subprocess.run(["bash", "-c", ended.output], cwd=program.directory, capture_output=True, check=True)
    assert done.stdout.startswith(b"HTTP/1.1 201 ")
    assert storage.count_new() == 1


def test_a_body_that_is_no_text_is_not_put_into_a_command(alone: Program) -> None:
    ended = alone.run("sign", "--curl", given=b"\xff")
    assert ended.code == 2
    assert "give it as FILE" in ended.errors


@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (timedelta(seconds=10), "good"),
        (timedelta(seconds=400), "too old"),
        (timedelta(seconds=-400), "too early"),
    ],
)
def test_a_right_signature_is_valid_whatever_its_age(alone: Program, body: str, age: timedelta, verdict: str) -> None:
    timestamp = time_text(datetime.now(UTC) - age)
    ended = alone.run("verify", "--timestamp", timestamp, "--signature", signature(timestamp=timestamp), body)
    first, second = ended.lines
    assert (ended.code, first) == (0, "valid the signature fits this body, timestamp, producer id and secret")
    seconds = re.fullmatch(r"age: (-?\d+) seconds by this clock: " + verdict + " for a service", second)
    assert seconds is not None
    assert age.total_seconds() <= int(seconds[1]) + 1 <= age.total_seconds() + 30


@pytest.mark.parametrize(
    ("wrong", "code", "hint"),
    [
        (signature(BODY + b"\n"), "signature_mismatch", "the body with a line break at its end"),
        (signature()[:-1], "signature_malformed", "another dialect of base64"),
        (signature(secret=SECRET + b"\n"), "signature_mismatch", "the secret with a line break at its end"),
        (signature(secret=b"another"), "signature_mismatch", "none of the known mistakes"),
    ],
    ids=["another body", "no padding", "another reading of the secret", "another secret"],
)
def test_a_wrong_signature_is_refused_with_what_it_fits(
    alone: Program, body: str, wrong: str, code: str, hint: str
) -> None:
    ended = alone.run("verify", *SIGNED_THEN, "--signature", wrong, body)
    assert ended.code == 1
    assert ended.lines[0].startswith(f"refused {code}: ")
    assert ended.lines[1].startswith("hint: ")
    assert hint in ended.lines[1]
    assert signature() not in ended.output


def test_the_signed_bytes_are_shown_part_by_part_with_their_lengths(alone: Program) -> None:
    ended = alone.run("explain", *SIGNED_THEN, given=BODY + b"\n")
    text = BODY.decode() + "␊"
    assert [line.split("\t") for line in ended.lines[:4]] == [
        ["body", "63", text],
        ["timestamp", "20", TIMESTAMP],
        ["producer id", "6", "my-bot"],
        ["signed", "89", f"{text}{TIMESTAMP}my-bot"],
    ]
    assert "SHA-256 of the body: " + hashlib.sha256(BODY + b"\n").hexdigest() in ended.lines
    assert headers(ended.output)["X-Signature"] == signature(BODY + b"\n")
    assert ended.code == 0


def test_the_signed_bytes_are_written_as_they_are(alone: Program, body: str) -> None:
    (alone.directory / body).write_bytes(b"\xff\x00\r\n")
    del alone.settings["HMAC_PRODUCER_SECRET"]
    assert alone.run_raw("explain", *SIGNED_THEN, "--raw", body) == b"\xff\x00\r\n" + TIMESTAMP.encode() + b"my-bot"


def test_a_signature_is_judged_beside_its_explanation(alone: Program, body: str) -> None:
    assert "valid the signature fits" in alone.run("explain", *SIGNED_THEN, "--signature", signature(), body).output
    ended = alone.run("explain", *SIGNED_THEN, "--signature", signature(BODY + b"\n"), body)
    assert ended.code == 1
    assert "hint: X-Signature fits the body with a line break at its end" in ended.output


@pytest.mark.parametrize(
    ("signed", "told"),
    [
        (BODY + b"\n2026-01-31T12:00:01Zmy-bot", "62 bytes are the same; then, at byte 0 of the timestamp, here 2026"),
        (
            BODY.replace(b"0,", b"1,") + b"2026-01-31T12:00:01Zmy-bot",
            "30 bytes are the same; then, at byte 30 of",
        ),
        (BODY + b"2026-01-31T12:00:01Z", "at byte 0 of the producer id, here my-bot and there ⟨the end⟩"),
        (BODY + b"2026-01-31T12:00:01Zmy-bot\n", "88 bytes are the same; then, behind the producer id, here ⟨the end"),
    ],
    ids=["a line break", "another side", "no producer id", "a line break at the end"],
)
def test_the_first_byte_that_differs_is_found(alone: Program, body: str, signed: bytes, told: str) -> None:
    (alone.directory / "theirs").write_bytes(signed)
    ended = alone.run("explain", *SIGNED_THEN, "--signed", "theirs", body)
    assert ended.code == 1
    assert ended.lines[-1].startswith(f"refused the other program signs {len(signed)} bytes: ")
    assert told in ended.lines[-1]


def test_the_same_bytes_leave_only_the_secret(alone: Program, body: str) -> None:
    (alone.directory / "theirs").write_bytes(BODY + b"2026-01-31T12:00:01Zmy-bot")
    ended = alone.run("explain", *SIGNED_THEN, "--signed", "theirs", body)
    assert ended.code == 0
    assert ended.lines[-1].startswith("valid the other program signs the same bytes")


def test_an_explanation_is_a_table_on_a_terminal(alone: Program, body: str) -> None:
    shown = without_colours(alone.run_on_terminal("explain", *SIGNED_THEN, body).errors)
    assert re.search(r"part +bytes +as it is", shown)
    assert re.search(r"producer id +6 +my-bot", shown)


@pytest.mark.parametrize(
    ("data", "look"),
    [
        (b"\t\r\n\x00\x7f", "␉␍␊␀⟨U+007F⟩"),
        ("\u00a0\ufeff\u2028 é🚀".encode(), "⟨U+00A0⟩⟨U+FEFF⟩⟨U+2028⟩ é🚀"),
        (b"\xff\xe6\xb5", "⟨FF⟩⟨E6⟩⟨B5⟩"),
        (b"a" * 800 + b"b" * 4000 + b"c" * 200, "a" * 800 + " ⟨4000 more⟩ " + "c" * 200),
    ],
    ids=["control characters", "what has no look", "no UTF-8", "long"],
)
def test_what_cannot_be_seen_is_made_visible(data: bytes, look: str) -> None:
    assert visible(data) == look


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["sign", "--timestamp", "now"], "not in the form"),
        (["sign", "--producer-id", "two words"], "producer id"),
        (["sign", "--producer-id", ""], "there is no producer id"),
        (["sign", "--curl", "--url", "signals.example"], "--url"),
        (["verify", "--timestamp", TIMESTAMP], "--signature"),
        (["verify", "--signature", "x"], "--timestamp"),
        (["explain", "--signed", "nowhere"], "--signed"),
    ],
)
def test_a_wrong_command_line_is_told(alone: Program, arguments: list[str], complaint: str) -> None:
    ended = alone.run(*arguments, given=BODY)
    assert (ended.code, ended.output) == (2, "")
    assert complaint in ended.errors


@pytest.mark.parametrize("command", ["sign", "verify", "explain"])
def test_without_a_secret_it_tells_where_one_belongs(alone: Program, command: str) -> None:
    alone.settings["HMAC_PRODUCER_SECRET"] = ""
    options = ["--signature", "x"] if command == "verify" else []
    ended = alone.run(command, *SIGNED_THEN, *options, given=BODY)
    assert (ended.code, ended.output) == (2, "")
    assert "HMAC_PRODUCER_SECRET" in ended.errors
