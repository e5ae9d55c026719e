"""What a refusal of the front door owes to its reader and to the operator."""

from tests.observing.contract import check_refusal
from tests.running.log_lines import CLOSING
from tests.running.service_process import ServiceProcess
from tests.speaking.exchange import Answer


def check_refused(answer: Answer, code: str) -> None:
    """The answer is the refusal with this code, and the last one on its connection."""
    check_refusal(answer, code)
    assert answer.json().keys() == {"code", "detail", "request_id"}
    assert answer.headers.get_list("Connection") == ["close"]
    assert "Server" not in answer.headers


def check_logged(service: ServiceProcess, answer: Answer, code: str) -> None:
    """The log tells of the refusal as of any other: a warning, and the closing line."""
    about = service.log.about(answer.request_id, 0)
    assert [line["message"] for line in about] == ["Signal refused", CLOSING]
    refused, closing = about
    assert (refused["level"], refused["code"], refused["status"]) == ("warning", code, answer.status)
    assert closing["status"] == answer.status
