"""`signals send-batch`: what is stored, what is told, and that a break doubles nothing."""

import json
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer

from service.cli.formats import READERS, Format
from tests.cli.program import Program
from tests.observing.storage import Storage
from tests.running.deployment import Deployment
from tests.running.waiting import wait_until

TIME = "2026-01-31T12:00:00"


def written(directory: Path, rows: Sequence[str], name: str = "signals.jsonl") -> str:
    """A file of these lines."""
    (directory / name).write_text("\n".join(rows) + "\n", "utf-8")
    return name


def rows(number: int, first: int = 0) -> list[str]:
    """Good signals, a line each."""
    return [
        json.dumps({"instrument": "XAUUSD", "side": 0, "time": f"{TIME}.{first + each:06}Z", "payload": {"n": each}})
        for each in range(number)
    ]


def test_a_file_of_json_lines_is_sent(program: Program, storage: Storage) -> None:
    ended = program.run("send-batch", written(program.directory, rows(1200)))
    assert (ended.code, ended.errors) == (0, "done: 1200 accepted\n")
    assert storage.count_new() == 1200


def test_a_csv_file_keeps_every_digit(program: Program, signing: Deployment, storage: Storage) -> None:
    lines = [
        "instrument,side,time,payload,version",
        f'BTC-USD,1,{TIME}Z,"{{""stop"": 0.1234567890123456789012345,',
        ' ""note"": ""two lines""}",7',
        f"EURUSD,0,{TIME}Z,,",
    ]
    ended = program.run("send-batch", "--json", written(program.directory, lines, "signals.csv"))
    told = [json.loads(line) for line in ended.lines]
    assert [(each["line"], each["outcome"]) for each in told] == [(2, "accepted"), (4, "accepted")]
    first, second = signing.database.fetch(
        "SELECT instrument, side, payload::text AS payload, version FROM signals ORDER BY id DESC LIMIT 2"
    )[::-1]
    assert (first["instrument"], first["side"], first["version"]) == ("BTC-USD", 1, 7)
    assert "0.1234567890123456789012345" in first["payload"]
    assert (second["payload"], second["version"]) == (None, 1)
    assert storage.count_new() == 2


def test_faulty_lines_are_named_and_the_others_are_sent(program: Program, storage: Storage) -> None:
    lines = rows(6)
    lines[1], lines[3], lines[4] = '{"instrument": "xauusd"}', "no json", ""
    ended = program.run("send-batch", written(program.directory, lines))
    assert ended.code == 1
    assert sorted(line.partition(":")[0] for line in ended.lines) == ["refused line 2", "refused line 4"]
    assert ended.errors == "done: 2 refused, 3 accepted\n"
    assert storage.count_new() == 3


def test_the_same_command_again_sends_nothing_twice(program: Program, storage: Storage) -> None:
    """Nor does it when nobody knows any more what became of what was under way, or when the file is another."""
    name = written(program.directory, rows(700))
    program.run("send-batch", name)
    again = program.run("send-batch", name)
    assert (again.code, again.output, again.errors) == (0, "", "done: no signal\n")
    record = program.directory / f"{name}.progress"
    digest, *_, begun, _ = record.read_text().splitlines()
    old = {**json.loads(begun), "begun": "2026-01-31T12:00:00+00:00"}
    record.write_text(f"{digest}\n{json.dumps(old)}\n")
    late = program.run("send-batch", name)
    written(program.directory, rows(701))
    changed = program.run("send-batch", name)
    assert (late.code, changed.code) == (2, 2)
    assert "nobody knows any more" in " ".join(late.errors.split())
    assert "it was changed since it was begun" in " ".join(changed.errors.split())
    assert storage.count_new() == 700


def test_standard_input_is_read_to_its_end(program: Program, storage: Storage) -> None:
    given = "\n".join(rows(3)).encode()
    assert program.run("send-batch", "-", given=given).code == 0
    assert storage.count_new() == 3
    assert list(program.directory.glob("*.progress")) == []


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_after_a_break_it_goes_on_where_it_ended(
    program: Program, signing: Deployment, storage: Storage, kill: signal.Signals
) -> None:
    name = written(program.directory, rows(3000))
    process = program.start("send-batch", name)
    wait_until(lambda: storage.count_new() >= 1000, "some are sent")
    process.send_signal(kill)
    process.communicate()
    before = storage.count_new()
    ended = program.run("send-batch", name)
    assert before < 3000
    assert ended.code == 0
    assert storage.count_new() == 3000
    assert signing.database.value("SELECT count(DISTINCT payload) FROM signals WHERE payload ? 'n'") >= 3000


def test_what_was_under_way_is_sent_as_it_was_and_found(program: Program, storage: Storage) -> None:
    """As after a kill between the commit and its record."""
    name = written(program.directory, rows(900))
    program.run("send-batch", name)
    record = program.directory / f"{name}.progress"
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(lines[:-1]))
    ended = program.run("send-batch", name)
    assert ended.errors == "done: 400 accepted\n"
    assert storage.count_new() == 900


def test_columns_that_no_signal_has_are_refused() -> None:
    with pytest.raises(typer.BadParameter, match="not price"):
        list(READERS[Format.CSV]([b"instrument,price\n", b"XAUUSD,1\n"]))


def test_without_a_service_it_says_so_and_can_be_run_again(program: Program, storage: Storage) -> None:
    name = written(program.directory, rows(2))
    ended = program.run("send-batch", "--url", "http://127.0.0.1:9", "--retry-seconds", "0", name)
    assert ended.code == 3
    assert program.run("send-batch", name).code == 0
    assert storage.count_new() == 2
