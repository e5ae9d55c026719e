"""`signals export`: what is written, that a file is whole or goes on where it broke off, and that no cell is run."""

import csv
import io
import json
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from typer.testing import CliRunner, Result

from service.cli import app, spreadsheet
from tests.cli.program import Program, without_colours
from tests.client.feed_server import Broken, FeedServer, feed_server
from tests.client.feed_server import signal as stored
from tests.client.road import answer
from tests.client.shared import SHOWN, Store
from tests.running.deployment import Deployment
from tests.running.waiting import DEADLINE_SECONDS, wait_until

Run = Callable[..., Result]

AWAY = answer("503 Service Unavailable", body="<html>")

SIGNALS = 2500
"""Three pages."""


@pytest.fixture
def server(portal: BlockingPortal) -> Iterator[FeedServer]:
    """A small server of the feed, with signals."""
    with portal.wrap_async_context_manager(feed_server(portal)) as server:
        server.hold(SIGNALS)
        yield server


@pytest.fixture
def run(server: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `signals export` in this process, in a directory of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        settings = {"SIGNALS_URL": server.url}
        return CliRunner().invoke(app, ["export", "--retry-seconds", "0", *arguments], env=settings)

    return run


@pytest.fixture(params=["ndjson", "csv"])
def whole(request: pytest.FixtureRequest, run: Run) -> tuple[str, bytes]:
    """A format, and what an export that does not break off writes in it."""
    written = run("--format", request.param)
    assert written.exit_code == 0
    return request.param, written.stdout_bytes


def test_signals_are_written_as_the_feed_gives_them(run: Run) -> None:
    written = run()
    lines = written.stdout.splitlines()
    assert (written.exit_code, written.stderr, len(lines)) == (0, "", SIGNALS)
    assert json.loads(lines[6], parse_float=str, parse_int=str) == json.loads(stored(7), parse_float=str, parse_int=str)
    assert '"tiny":0.0000001' in lines[6]


def test_what_is_wanted_is_asked_for(run: Run, server: FeedServer) -> None:
    times = ("--from", "2026-01-31T12:00:00+02:00", "--to", "2026-02-01T00:00:00Z")
    run(*times, "--instrument", "XAU*", "--instrument", "EURUSD", "--producer", "p", "--payload", '{"lots": 0.10}')
    query = dict(server.asked[0].query)
    assert query == {
        "from": ["2026-01-31T10:00:00.000000Z"],
        "to": ["2026-02-01T00:00:00.000000Z"],
        "instrument": ["XAU*", "EURUSD"],
        "producer": ["p"],
        "payload": ['{"lots":0.10}'],
        "limit": ["1000"],
    }
    assert [asked.query["to"] for asked in server.asked] == [query["to"]] * 3


def test_an_export_that_breaks_off_leaves_whole_lines_and_no_file_of_its_name(
    run: Run, server: FeedServer, whole: tuple[str, bytes]
) -> None:
    format, complete = whole
    server.plan(None, AWAY)
    broken = run("--format", format, "--output", "signals.out")
    assert (broken.exit_code, broken.stdout) == (3, "")
    assert broken.stderr.splitlines()[-1].startswith("failed ")
    assert not Path("signals.out").exists()
    begun = Path("signals.out.part").read_bytes()
    assert complete.startswith(begun)
    assert begun.endswith(b"\n")
    assert begun.count(b"\n") == 1000 + (format == "csv")


@pytest.mark.parametrize("rubbish", ["", '{"id":"01a2'], ids=["", "half a line"])
def test_the_same_command_goes_on_where_it_broke_off(
    run: Run, server: FeedServer, whole: tuple[str, bytes], rubbish: str
) -> None:
    format, complete = whole
    arguments = ("--format", format, "--output", "signals.out", "--from", "24h", "--to", "0s")
    server.plan(None, AWAY)
    assert run(*arguments).exit_code == 3
    with Path("signals.out.part").open("a") as part:
        part.write(rubbish)
    first, *_ = (asked.query for asked in server.asked[3:])
    gone_on = run(*arguments)
    assert (gone_on.exit_code, gone_on.stdout) == (0, "")
    assert "note goes on after 1000 signals" in gone_on.stderr
    assert "done: 2500 signals in signals.out" in gone_on.stderr
    assert Path("signals.out").read_bytes() == complete
    assert [path.name for path in Path().iterdir()] == ["signals.out"]
    assert server.asked[-2].place == "1000"
    assert {(*asked.query["from"], *asked.query["to"]) for asked in server.asked[3:]} == {
        (*first["from"], *first["to"])
    }


def test_an_export_that_is_killed_anywhere_goes_on(
    server: FeedServer, whole: tuple[str, bytes], tmp_path: Path
) -> None:
    format, complete = whole
    program = Program(tmp_path, {"SIGNALS_URL": server.url})
    arguments = ("export", "--format", format, "--output", "signals.out")
    for page in count():
        server.plan(*[None] * (page and 1), Broken(5000, silent=True))
        before = len(server.asked)
        process = program.start(*arguments)
        wait_until(lambda: len(server.asked) > before + bool(page), "a page that does not come")  # noqa: B023
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=DEADLINE_SECONDS)
        assert not (tmp_path / "signals.out").exists()
        if page == 2:
            break
    assert program.run(*arguments).code == 0
    assert (tmp_path / "signals.out").read_bytes() == complete


def test_a_whole_file_is_left_alone(run: Run, server: FeedServer) -> None:
    Path("signals.out").write_text("mine")
    there = run("--output", "signals.out")
    assert (there.exit_code, there.stderr) == (0, "done: signals.out is there already\n")
    assert Path("signals.out").read_text() == "mine"
    assert server.asked == []


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        (".part", "", "is shorter than it was"),
        (".part.json", "{", "cannot be read"),
        (".part.json", '{"size": 1}', "cannot be read"),
    ],
)
def test_what_was_changed_in_between_is_not_gone_on_with(
    run: Run, server: FeedServer, file: str, content: str, told: str
) -> None:
    server.plan(None, AWAY)
    run("--output", "signals.out")
    Path(f"signals.out{file}").write_text(content)
    refused = run("--output", "signals.out")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("refused ")
    assert told in refused.stderr


@pytest.mark.parametrize("other", [["--format", "csv"], ["--from", "1h"], ["--to", "1h"], ["--instrument", "XAUUSD"]])
def test_what_was_begun_with_other_options_is_not_gone_on_with(run: Run, server: FeedServer, other: list[str]) -> None:
    server.plan(None, AWAY)
    run("--output", "signals.out")
    refused = run("--output", "signals.out", *other)
    assert refused.exit_code == 1
    assert "was begun with other options" in refused.stderr


def test_two_programs_do_not_write_one_file(run: Run, server: FeedServer, tmp_path: Path) -> None:
    server.plan(Broken(0, silent=True))
    program = Program(tmp_path, {"SIGNALS_URL": server.url})
    process = program.start("export", "--output", "signals.out")
    wait_until(lambda: bool(server.asked), "the first one to begin")
    refused = run("--output", "signals.out")
    process.kill()
    process.communicate()
    assert refused.exit_code == 1
    assert "another program is writing signals.out.part" in refused.stderr


def test_where_a_file_cannot_be_written_is_told(run: Run) -> None:
    refused = run("--output", "nowhere/signals.out")
    assert refused.exit_code == 1
    assert "nowhere/signals.out.part" in refused.stderr
    assert "Traceback" not in refused.output


def test_a_terminal_shows_how_far_it_is(server: FeedServer, tmp_path: Path) -> None:
    program = Program(tmp_path, {"SIGNALS_URL": server.url})
    shown = without_colours(program.run_on_terminal("export", "--output", "signals.out").errors)
    assert "1000 signals" in shown
    assert "done: 2500 signals in signals.out" in shown


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.parametrize("format", ["ndjson", "csv"])
def test_every_digit_is_exported_and_what_a_payload_contains_can_be_asked_for(
    deployment: Deployment, store: Store, instrument: str, format: str
) -> None:
    id = store()
    store(payload='{"price": 1950.51}')
    wanted = ("--format", format, "--instrument", instrument, "--payload", '{"price": 1950.50}')
    shown = CliRunner().invoke(app, ["export", *wanted], env={"SIGNALS_URL": deployment.url})
    assert (shown.exit_code, shown.stdout.count("\n")) == (0, 1 + (format == "csv"))
    assert id in shown.stdout
    assert SHOWN in shown.stdout.replace('""', '"')


CELLS = ["-1.5", "+1", "-0.02", "1e5", "-2+3", "=1+1", "@x", "+cmd", "\t=1+1", "\r=1", "'quoted", "plain", "a;=1+1"]


def written(**fields: Any) -> list[dict[str, str]]:
    """A signal with these fields, as it is read from CSV."""
    given = {**json.loads(stored(1)), **fields}
    return list(csv.DictReader(io.StringIO(spreadsheet.heading() + spreadsheet.rows([given]), newline="")))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("column", ["producer_id", "instrument"])
def test_numbers_stay_as_they_are_and_nothing_is_run(column: str, cell: str) -> None:
    """With one apostrophe less it is what it was: `send-batch` takes it off."""
    [row] = written(**{column: cell})
    shown = row[column]
    is_number = cell in {"-1.5", "+1", "-0.02", "1e5"}
    runs = cell.startswith(("=", "+", "-", "@", "\t", "\r", "'")) and not is_number
    assert shown == ("'" if runs else "") + cell
    assert shown.removeprefix("'") == cell or not runs


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_other_separator_brings_a_formula_to_light(separator: str) -> None:
    """As a spreadsheet splits lines that takes another separator, within quotes that do not stand at its beginning."""
    payload = {"note": "x;=1+1;@y\t=2", "more": ["=3", ";-4"]}
    line = spreadsheet.rows([{**json.loads(stored(1)), "payload": payload}])
    for cell in line.split(separator):
        assert not cell.strip('"').startswith(("=", "@", "+", "-")), cell


def test_a_payload_is_json_in_one_cell() -> None:
    payload = '{"a": 0.1234567890123456789012345, "b": "semicolon; \\"quote\\" \\u0000 line\\nbreak"}'
    given = json.loads(stored(1))
    [row] = written(payload=json.loads(payload))
    assert json.loads(row["payload"]) == json.loads(payload)
    assert tuple(row) == tuple(given) or set(row) == set(given)
    [row] = written(payload=None, producer_id=None)
    assert (row["payload"], row["producer_id"], row["side"]) == ("", "", "0")
