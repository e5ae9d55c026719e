"""`signals send` when the way to the service, or the service itself, is in trouble."""

import json
import signal
import socket

import pytest

from tests.cli.program import Program
from tests.cli.test_send import GOLD
from tests.client.road import LOST
from tests.client.shared import MakeRoad
from tests.observing.storage import Storage
from tests.running.deployment import Deployment

pytestmark = pytest.mark.usefixtures("file")


def test_a_refused_signature_ends_a_file(program: Program, storage: Storage) -> None:
    program.settings["HMAC_PRODUCER_SECRET"] = "another one"
    ended = program.run("send", "signals.jsonl")
    [line] = ended.lines
    assert line.startswith("refused line 1: signature_mismatch")
    assert (ended.code, ended.errors) == (1, "done: 1 refused\n")
    assert storage.count_new() == 0


def test_a_service_that_is_away_is_tried_for_a_while_and_told(alone: Program) -> None:
    ended = alone.run("send", *GOLD, "--retry-seconds", "0.3")
    assert ended.code == 3
    assert ended.output.startswith("failed The service cannot be reached: ")
    assert "next attempt in" in ended.errors


def test_a_service_that_is_away_ends_a_file(alone: Program) -> None:
    ended = alone.run("send", "signals.jsonl", "--retry-seconds", "0", "--json")
    [told] = map(json.loads, ended.lines)
    assert (told["line"], told["outcome"]) == (1, "failed")
    assert (ended.code, ended.errors) == (3, "done: 1 failed\n")


def test_a_lost_answer_is_asked_for_again(
    program: Program, signing: Deployment, storage: Storage, make_road: MakeRoad
) -> None:
    road = make_road(signing.service.url)
    road.plan([LOST])
    ended = program.run("send", *GOLD, "--url", road.url)
    assert ended.code == 0
    assert ended.output.endswith(", by an earlier attempt\n")
    assert ended.errors.startswith("note The answer did not arrive: ")
    assert storage.count_new() == 1


def test_an_outcome_that_nobody_knows_ends_a_file(
    program: Program, signing: Deployment, storage: Storage, make_road: MakeRoad
) -> None:
    road = make_road(signing.service.url)
    road.plan([LOST] * 2)
    ended = program.run("send", "signals.jsonl", "--url", road.url, "--retry-seconds", "0", "--json")
    [told] = map(json.loads, ended.lines)
    assert (told["outcome"], told["line"], told["attempts"]) == ("unknown", 1, 1)
    assert told["request_id"] in told["reason"]
    assert ended.code == 3
    assert storage.count_new() == 1


def test_an_interruption_tells_whose_outcome_nobody_knows(alone: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = alone.start("send", "signals.jsonl", "--url", f"http://127.0.0.1:{silent.getsockname()[1]}")
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(65536)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=30)
    assert output.decode() == "unknown line 1: interrupted: the signal may be stored or not\n"
    assert (process.returncode, errors.decode()) == (3, "done: 1 unknown\n")
