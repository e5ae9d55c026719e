"""`signals doctor`: what it finds, and that it leaves nothing behind."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from service.cli.findings import LARGEST_BODY, encryption
from service.settings import Settings
from tests.cli.conftest import LINES
from tests.cli.program import Ended, Program, without_colours
from tests.client.road import NONE, answer
from tests.client.shared import MakeRoad
from tests.observing.storage import Storage
from tests.running.deployment import Deployment

SUBJECTS = ["network", "encryption", "readiness", "version", "clock", "signing", "signature", "rate", "size"]
HEALTHY = '{"status":"ok","uptime_seconds":1}'


def findings(ended: Ended) -> dict[str, list[str]]:
    """Verdict, finding and cure by subject."""
    rows = [line.split("\t") for line in ended.lines]
    return {subject: [verdict, *others] for verdict, subject, *others in rows}


def verdicts(ended: Ended) -> dict[str, str]:
    """The verdicts that are not `ok`."""
    return {subject: verdict for subject, [verdict, *_] in findings(ended).items() if verdict != "ok"}


def test_a_service_in_order(program: Program, signing: Deployment, storage: Storage) -> None:
    ended = program.run("doctor", signing.service.url)
    found = findings(ended)
    assert (ended.code, ended.errors, list(found), verdicts(ended)) == (0, "", SUBJECTS, {})
    assert found["version"][1] == "1.0.0, build unknown, development"
    assert found["signature"][1] == "believed, as my-bot"
    assert storage.count_new() == 0


def test_it_shows_itself_in_the_log_of_the_service(program: Program, signing: Deployment) -> None:
    start = signing.beginning.log_position
    assert program.run("doctor").code == 0
    lines = [line for line in signing.service.log.since(start) if "code" in line]
    assert [line["code"] for line in lines] == ["header_missing", "validation_failed", "validation_failed"]
    assert all(line["request_id"].startswith("doctor-") for line in lines)


def test_a_producer_with_a_rate(alone: Program, signing: Deployment) -> None:
    signing.configure(SIGNALS_PRODUCER_RATE="1/h")
    alone.settings["SIGNALS_URL"] = signing.service.url
    assert findings(alone.run("doctor"))["rate"] == ["ok", "1 signal in 3600 s, and no more"]
    assert alone.run("send", "-", given=LINES[0]).code == 0
    ended = alone.run("doctor")
    assert (ended.code, verdicts(ended)) == (0, {"rate": "note"})
    assert "used up" in findings(ended)["rate"][1]


def test_a_wrong_secret(program: Program) -> None:
    program.settings["HMAC_PRODUCER_SECRET"] += "\n"
    ended = program.run("doctor")
    assert (ended.code, verdicts(ended)) == (1, {"signature": "wrong"})
    _, found, cure = findings(ended)["signature"]
    assert found.startswith("signature_mismatch: ")
    assert "the secret with a line break at its end" in cure


def test_a_wrong_secret_that_fits_no_known_mistake(program: Program) -> None:
    program.settings["HMAC_PRODUCER_SECRET"] = "another one"
    assert "compare the secret" in findings(program.run("doctor"))["signature"][2]


def test_no_secret_where_one_is_demanded(program: Program) -> None:
    program.settings["HMAC_PRODUCER_SECRET"] = ""
    ended = program.run("doctor")
    assert (ended.code, verdicts(ended)) == (1, {"signing": "wrong"})
    assert "HMAC_PRODUCER_SECRET" in findings(ended)["signing"][2]


def test_a_service_that_takes_unsigned_signals(alone: Program, deployment: Deployment, storage: Storage) -> None:
    ended = alone.run("doctor", deployment.service.url)
    assert (ended.code, verdicts(ended)) == (0, {"signing": "note"})
    assert "may be doubled" in findings(ended)["signing"][1]
    assert storage.count_new() == 0


def test_nobody_there(alone: Program) -> None:
    ended = alone.run("doctor")
    assert (ended.code, verdicts(ended)) == (3, {"network": "away"})


def test_something_else_there(program: Program, signing: Deployment, make_road: MakeRoad) -> None:
    road = make_road(signing.service.url)
    for body in ("<html>", "[]"):
        road.plan([answer("200 OK", body=body)])
        ended = program.run("doctor", road.url)
        assert (ended.code, verdicts(ended)) == (3, {"network": "away"})
        assert "something else answers, with status 200" in ended.output


def test_a_network_that_fails_on_the_way(program: Program, signing: Deployment, make_road: MakeRoad) -> None:
    road = make_road(signing.service.url)
    road.plan([NONE, NONE, b""])
    ended = program.run("doctor", road.url)
    assert (ended.code, list(findings(ended))) == (3, ["network", "encryption", "readiness"])
    assert verdicts(ended) == {"network": "away"}


def test_a_service_without_its_database(program: Program, signing: Deployment) -> None:
    signing.start_own()
    signing.cut_database()
    ended = program.run("doctor", signing.service.url)
    assert (ended.code, verdicts(ended)) == (1, {"readiness": "wrong"})
    assert "signals cannot be stored: not reachable" in ended.output


def test_a_service_that_does_not_know_the_keys_yet(program: Program, signing: Deployment) -> None:
    signing.start_own(database_away=True)
    found = findings(program.run("doctor", signing.service.url))
    assert found["signature"][0] == "wrong"
    assert found["signature"][1].startswith("cannot be judged now: overloaded")
    assert found["signature"][2] == "tell the operator of the service"


@pytest.mark.parametrize(
    ("ahead", "verdict", "found"),
    [
        (timedelta(seconds=400), "wrong", "behind"),
        (timedelta(seconds=-400), "wrong", "ahead of"),
        (timedelta(seconds=60), "note", "behind"),
    ],
)
def test_clocks_that_differ(
    program: Program, signing: Deployment, make_road: MakeRoad, ahead: timedelta, verdict: str, found: str
) -> None:
    road = make_road(signing.service.url)
    date = (datetime.now(UTC) + ahead).strftime("%a, %d %b %Y %H:%M:%S GMT")
    road.plan([answer("200 OK", f"Date: {date}", body=HEALTHY)])
    ended = program.run("doctor", road.url)
    assert findings(ended)["clock"][0] == verdict
    assert f" s {found} that of the service" in findings(ended)["clock"][1]


@pytest.mark.parametrize("date", ["X-No-Date: x", "Date: soon"])
def test_a_clock_that_is_not_told(program: Program, signing: Deployment, make_road: MakeRoad, date: str) -> None:
    road = make_road(signing.service.url)
    road.plan([answer("200 OK", date, body=HEALTHY)])
    assert verdicts(program.run("doctor", road.url)) == {"clock": "note"}


def test_another_version(program: Program, signing: Deployment, make_road: MakeRoad) -> None:
    road = make_road(signing.service.url)
    road.plan([NONE, NONE, answer("200 OK", body='{"name":"signals","version":"7.1.0","build":"x","env":"staging"}')])
    ended = program.run("doctor", road.url)
    assert (ended.code, verdicts(ended)) == (0, {"version": "note"})
    assert "7.1.0" in findings(ended)["version"][1]


def test_something_before_the_service_that_answers_for_it(
    program: Program, signing: Deployment, make_road: MakeRoad
) -> None:
    road = make_road(signing.service.url)
    road.plan([NONE, NONE, NONE, answer("403 Forbidden", body="<html>")])
    ended = program.run("doctor", road.url)
    assert (ended.code, verdicts(ended)) == (1, {"signing": "wrong"})


def test_a_service_with_a_lower_limit(alone: Program, signing: Deployment) -> None:
    signing.configure(SIGNALS_PAYLOAD_MAX_BYTES="1000")
    ended = alone.run("doctor", signing.service.url)
    assert (ended.code, verdicts(ended)) == (0, {"size": "note"})


def test_a_lower_limit_is_seen_without_a_secret_too(alone: Program, signing: Deployment) -> None:
    signing.configure(SIGNALS_PAYLOAD_MAX_BYTES="1000")
    alone.settings["HMAC_PRODUCER_SECRET"] = ""
    ended = alone.run("doctor", signing.service.url)
    assert (ended.code, verdicts(ended)) == (1, {"signing": "wrong", "size": "note"})


def test_a_limit_that_cannot_be_seen_is_not_taken_for_none(
    program: Program, signing: Deployment, make_road: MakeRoad
) -> None:
    road = make_road(signing.service.url)
    late = answer("401 Unauthorized", body='{"code":"timestamp_outside_window"}')
    road.plan([*[NONE] * 5, late])
    assert verdicts(program.run("doctor", road.url)) == {"size": "note"}


def test_a_proxy_with_a_lower_limit(program: Program, signing: Deployment, make_road: MakeRoad) -> None:
    road = make_road(signing.service.url)
    road.plan([*[NONE] * 5, answer("413 Payload Too Large", "Content-Type: text/html", body="<html>")])
    ended = program.run("doctor", road.url)
    assert (ended.code, verdicts(ended)) == (1, {"size": "wrong"})
    assert "client_max_body_size" in findings(ended)["size"][2]
    assert len(road.requests[-1].partition(b"\r\n\r\n")[2]) == LARGEST_BODY


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("https://signals.example", "ok"),
        ("http://localhost:8000", "ok"),
        ("http://127.0.0.1:8000", "ok"),
        ("http://[::1]:8000", "ok"),
        ("http://signals.example", "note"),
        ("http://10.0.0.1", "note"),
    ],
)
def test_a_way_that_others_can_read_is_noted(url: str, verdict: str) -> None:
    assert encryption(httpx.URL(url)).verdict == verdict


def test_the_largest_body_is_that_of_the_default_limit() -> None:
    assert Settings(_env_file=None).body_max_bytes == LARGEST_BODY


def test_the_findings_are_a_table_on_a_terminal(program: Program) -> None:
    ended = program.run_on_terminal("doctor")
    assert "\x1b[32mok" in ended.errors
    assert "signature    believed, as my-bot" in without_colours(ended.errors)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["signals.example"], "looks like https://"), (["http://signals.example", "--producer-id", ""], "producer id")],
)
def test_a_wrong_command_line_is_told(alone: Program, arguments: list[str], complaint: str) -> None:
    ended = alone.run("doctor", *arguments)
    assert (ended.code, ended.output) == (2, "")
    assert complaint in ended.errors
