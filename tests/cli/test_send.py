"""`signals send`: what is stored, what is told, and how it ends."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import LINES
from tests.cli.program import Program, without_colours
from tests.observing.storage import Storage
from tests.running.deployment import SECRET, Deployment
from tests.running.postgres import Row

GOLD = ("--instrument", "XAUUSD", "--side", "buy")


def newest(deployment: Deployment, count: int = 1) -> list[Row]:
    """The signals that were stored last, the newest first."""
    columns = "id, producer_id, instrument, side, time, payload::text AS payload, version"
    return deployment.database.fetch(f"SELECT {columns} FROM signals ORDER BY created_at DESC, id DESC LIMIT {count}")


def test_a_signal_from_options_is_stored_as_given(program: Program, signing: Deployment) -> None:
    ended = program.run(
        "send",
        *("--instrument", "EURUSD_M15"),
        *("--side", "sell"),
        *("--time", "2026-01-31T12:00:00.5+01:00"),
        *("--payload", '{"price": 1950.50, "long": 0.1234567890123456789012345}'),
        *("--version", "3"),
    )
    [row] = newest(signing)
    assert (ended.code, ended.errors) == (0, "")
    assert ended.output.startswith(f"accepted {row['id']}, stored ")
    assert (row["producer_id"], row["instrument"], row["side"], row["version"]) == ("my-bot", "EURUSD_M15", 1, 3)
    assert row["time"] == datetime(2026, 1, 31, 11, 0, 0, 500_000, tzinfo=UTC)
    assert row["payload"] == '{"long": 0.1234567890123456789012345, "price": 1950.50}'


def test_a_signal_without_a_time_is_dated_now(program: Program, signing: Deployment) -> None:
    before = datetime.now(UTC)
    assert program.run("send", *GOLD).code == 0
    [row] = newest(signing)
    assert before <= row["time"] <= datetime.now(UTC)
    assert (row["payload"], row["version"]) == (None, 1)


def test_without_a_secret_a_signal_is_not_signed(alone: Program, deployment: Deployment) -> None:
    alone.settings = {"SIGNALS_URL": deployment.service.url}
    ended = alone.run("send", *GOLD)
    assert ended.code == 0
    assert "not signed: there is neither HMAC_PRODUCER_SECRET nor --secret-file" in ended.errors
    assert newest(deployment)[0]["producer_id"] is None


def test_a_secret_comes_from_a_file_without_its_line_break(program: Program) -> None:
    (program.directory / "secret.txt").write_bytes(SECRET + b"\n")
    program.settings["HMAC_PRODUCER_SECRET"] = "another one"
    assert program.run("send", *GOLD, "--secret-file", "secret.txt").code == 0


def test_a_refused_signature_is_told_with_its_hint(program: Program, storage: Storage) -> None:
    program.settings["HMAC_PRODUCER_SECRET"] += "\n"
    ended = program.run("send", *GOLD)
    assert ended.code == 1
    assert ended.output.startswith("refused signature_mismatch (401): ")
    assert "the secret with a line break at its end" in ended.output
    assert storage.count_new() == 0


def test_a_file_is_sent_to_its_end_though_some_of_it_is_faulty(
    program: Program, file: Path, signing: Deployment, storage: Storage
) -> None:
    ended = program.run("send", str(file))
    first, second = ended.lines
    assert first.startswith("refused line 2: validation_failed (422): body.instrument: ")
    assert "body.time: " in first
    assert second.startswith("refused line 4: invalid_json (400): ")
    assert ended.errors == "done: 2 accepted, 2 refused\n"
    assert ended.code == 1
    assert storage.count_new() == 2
    later, earlier = newest(signing, 2)
    assert (earlier["instrument"], earlier["payload"]) == ("XAUUSD", '{"price": 1950.50}')
    assert later["instrument"] == "EURUSD"


def test_each_signal_of_standard_input_is_told_as_json(program: Program, file: Path, signing: Deployment) -> None:
    ended = program.run("send", "--json", "-", given=file.read_bytes())
    accepted, faulty, no_json, last = map(json.loads, ended.lines)
    [row] = newest(signing)
    assert accepted.keys() == {"line", "outcome", "id", "status", "created_at", "replayed", "differs", "request_id"}
    assert (last["line"], last["outcome"], last["id"], last["replayed"]) == (5, "accepted", str(row["id"]), False)
    assert faulty.keys() == {"line", "outcome", "code", "status", "detail", "request_id", "hint"}
    assert [fault["loc"] for fault in faulty["detail"]] == [["body", "instrument"], ["body", "time"]]
    assert (no_json["line"], no_json["code"]) == (4, "invalid_json")
    assert ended.code == 1


def test_only_valid_signals_end_well(program: Program, file: Path) -> None:
    file.write_bytes(LINES[0] + b"\r\n" + LINES[4])
    ended = program.run("send", str(file))
    assert (ended.code, ended.output, ended.errors) == (0, "", "done: 2 accepted\n")


def test_a_file_without_signals_is_no_failure(program: Program, file: Path) -> None:
    file.write_bytes(b"\n\n")
    assert program.run("send", str(file)).errors == "done: no signal\n"


def test_a_dry_run_checks_and_sends_nothing(alone: Program, file: Path) -> None:
    ended = alone.run("send", "--dry-run", str(file))
    first, second = ended.lines
    assert first.startswith("refused line 2: validation_failed: body.instrument: ")
    assert second.startswith("refused line 4: invalid_json: ")
    assert (ended.code, ended.errors) == (1, "done: 2 valid, 2 refused\n")


def test_a_dry_run_shows_what_would_be_sent(alone: Program) -> None:
    ended = alone.run("send", "--dry-run", *GOLD, "--time", "2026-01-31T12:00:00Z", "--payload", '{"a": 1.0}')
    word, _, body = ended.output.partition(" ")
    assert (ended.code, word) == (0, "valid")
    assert json.loads(body)["payload"] == {"a": 1.0}


def test_a_dry_run_knows_the_limit_of_the_payload(alone: Program) -> None:
    too_large = alone.run("send", "--dry-run", "--json", *GOLD, "--payload", f'{{"note":"{"x" * 32_758}"}}')
    assert json.loads(too_large.output) == {
        "line": 1,
        "outcome": "refused",
        "code": "payload_too_large",
        "status": 413,
        "detail": "The payload is larger than 32768 bytes",
    }
    assert alone.run("send", "--dry-run", *GOLD, "--payload", f'{{"note":"{"x" * 32_757}"}}').code == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["send"], "give a FILE, or --instrument and --side"),
        (["send", "--side", "buy"], "give a FILE, or --instrument and --side"),
        (["send", "--instrument", "XAUUSD", "--side", "up"], "--side"),
        (["send", *GOLD, "--time", "yesterday"], "--time: not in the form"),
        (["send", *GOLD, "--url", "signals.example"], "looks like https://"),
        (["send", *GOLD, "--producer-id", "two words"], "producer id"),
        (["send", *GOLD, "--producer-id", ""], "there is no producer id"),
        (["send", *GOLD, "--secret-file", "nowhere"], "--secret-file"),
        (["send", *GOLD, "--secret-file", "empty"], "--secret-file: the file is empty"),
        (["send", *GOLD, "--secret", "hidden"], "--secret"),
        (["send", "nowhere.jsonl"], "nowhere.jsonl"),
        (["send", "empty", "--side", "buy"], "not from both"),
    ],
)
def test_a_wrong_command_line_is_told(alone: Program, arguments: list[str], complaint: str) -> None:
    (alone.directory / "empty").touch()
    ended = alone.run(*arguments)
    assert (ended.code, ended.output) == (2, "")
    assert complaint in ended.errors
    assert "Traceback" not in ended.errors


def test_a_terminal_shows_colours_and_a_progress_bar(program: Program, file: Path) -> None:
    ended = program.run_on_terminal("send", str(file))
    assert "\x1b[31mrefused" in ended.errors
    shown = without_colours(ended.errors)
    assert f"/{file.stat().st_size} bytes" in shown
    assert "refused line 4: invalid_json" in shown
    assert "done: 2 accepted, 2 refused" in shown


def test_a_progress_bar_of_unknown_length_leaves_standard_output_alone(program: Program) -> None:
    ended = program.run_on_terminal("send", "--json", "-", given=b"\n".join(LINES), output_to_pipe=True)
    assert [json.loads(line)["line"] for line in ended.lines] == [1, 2, 4, 5]
    assert "bytes" in ended.errors
