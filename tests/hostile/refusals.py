"""What a refusal of the front door owes to its reader and to the operator."""

from tests.contract import check_json
from tests.exchange import Answer
from tests.log_lines import CLOSING
from tests.published import check_published
from tests.service_process import ServiceProcess

STATUS_OF = {
    "malformed_request": 400,
    "upgrade_refused": 400,
    "request_timeout": 408,
    "body_too_large": 413,
    "headers_too_large": 431,
    "shutting_down": 503,
}


def check_refused(answer: Answer, code: str) -> None:
    """The answer is the refusal with this code, and the last one on its connection."""
    content = answer.json()
    assert content["code"] == code
    assert answer.status == STATUS_OF[code]
    check_json(answer)
    check_published(answer)
    assert content.keys() == {"code", "detail", "request_id"}
    assert content["request_id"] == answer.request_id
    assert len(content["detail"].split()) > 2, "the detail is a sentence"
    assert answer.headers.get_list("Connection") == ["close"]
    assert "Server" not in answer.headers


def check_logged(service: ServiceProcess, answer: Answer, code: str) -> None:
    """The log tells of the refusal as of any other: a warning, and the closing line."""
    about = service.log.about(answer.request_id, 0)
    assert [line["message"] for line in about] == ["Signal refused", CLOSING]
    refused, closing = about
    assert (refused["level"], refused["code"], refused["status"]) == ("warning", code, answer.status)
    assert closing["status"] == answer.status
