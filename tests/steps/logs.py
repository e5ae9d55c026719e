"""What the service writes to its log."""

from datetime import UTC, datetime, timedelta

from pytest_bdd import parsers, then

from tests.observing.contract import utc_time
from tests.observing.log import Log
from tests.observing.storage import Storage
from tests.running import confidential
from tests.running.log_lines import LogLine
from tests.speaking.conversation import Conversation
from tests.steps.words import Table

CREATED, LATE, REFUSED, AUDITED = "Signal created", "Signal stored late", "Signal refused", "hmac_validation"


def lines_saying(log: Log, message: str) -> list[LogLine]:
    """The lines with this message about the latest request."""
    return [line for line in log.lines() if line["message"] == message]


@then(parsers.parse('the log tells once of the creation, at level "{level}"'), target_fixture="line")
def tells_of_creation(log: Log, level: str) -> LogLine:
    [line] = lines_saying(log, CREATED)
    assert line["level"] == level
    return line


@then(parsers.parse('the log tells once of the late storing, at level "{level}"'), target_fixture="line")
def tells_of_late_storing(log: Log, level: str) -> LogLine:
    log.wait_for(LATE)
    [line] = lines_saying(log, LATE)
    assert line["level"] == level
    return line


@then(parsers.parse('the log tells once of the refusal as "{code}", at level "{level}"'), target_fixture="line")
def tells_of_refusal(log: Log, code: str, level: str) -> LogLine:
    [line] = lines_saying(log, REFUSED)
    assert (line["code"], line["level"]) == (code, level)
    return line


@then(parsers.parse('the log tells once of the failure, at level "{level}"'), target_fixture="line")
def tells_of_failure(log: Log, level: str) -> LogLine:
    [line] = [line for line in log.lines() if line["level"] == level]
    return line


@then("the log tells of no creation")
def tells_of_no_creation(log: Log) -> None:
    assert not lines_saying(log, CREATED)


@then("the log tells of no refusal")
def tells_of_no_refusal(log: Log) -> None:
    assert not lines_saying(log, REFUSED)


@then("that line says:")
def line_says(line: LogLine, datatable: Table) -> None:
    assert {key: str(line[key]) for key, _ in datatable} == dict(datatable)


@then("that line names the stored signal")
def line_names_signal(line: LogLine, conversation: Conversation) -> None:
    assert line["signal_id"] == conversation.answer.json()["id"]


@then("that line names a stored signal")
def line_names_a_stored_signal(line: LogLine, storage: Storage) -> None:
    assert storage.row_of(line["signal_id"])


@then("that line names no producer")
def line_names_no_producer(line: LogLine) -> None:
    assert line["producer_id"] is None


@then(parsers.parse('that line names the fields "{fields}"'))
def line_names_fields(line: LogLine, fields: str) -> None:
    assert sorted(line["fields"]) == sorted(fields.split(", "))


@then("that line says when it was written")
def line_says_when(line: LogLine) -> None:
    assert abs(utc_time(line["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)


@then("that line carries the request id")
def line_carries_request_id(line: LogLine, conversation: Conversation) -> None:
    assert line["request_id"] == conversation.answer.request_id


@then("every line that was logged meanwhile carries the request id")
def every_line_carries_request_id(log: Log, conversation: Conversation) -> None:
    request_ids = {line.get("request_id") for line in log.since_beginning()}
    assert request_ids == {conversation.answer.request_id}


@then(parsers.parse('nothing in the log contains "{text}"'))
def log_does_not_contain(log: Log, text: str) -> None:
    assert text not in log.text()


@then(parsers.parse('the audit trail says "{result}" because of "{reason}"'), target_fixture="line")
def audit_trail_says(log: Log, result: str, reason: str) -> LogLine:
    [line] = lines_saying(log, AUDITED)
    assert (line["result"], line["reason"]) == (result, reason)
    return line


@then(parsers.parse('the audit trail names the producer "{name}"'))
def audit_trail_names(line: LogLine, name: str) -> None:
    assert line["producer_id"] == name


@then("the audit trail says nothing")
def audit_trail_says_nothing(log: Log) -> None:
    assert not lines_saying(log, AUDITED)


@then("the log holds neither the secret nor any signature")
def log_holds_no_secret(log: Log) -> None:
    confidential.check_text(log.text().encode(), "the log")
