"""Every refusal is explained, and what is shown as wrong and right is."""

import tomllib

import pytest

from service.http.errors import DuplicateKey, InvalidJson, Overloaded, RequestTimeout, ShuttingDown, ValidationFailed
from service.intake.signal import parse_signal
from service.kernel.errors import InternalError, Refusal, all_refusals
from service.manual.explanations import Explanation, explanations
from service.proof.signing import sign
from service.rates.errors import RateLimited
from tests.running.environment import ROOT

EXPLANATIONS = explanations()

WORKED_EXAMPLE = (
    b'{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"stop_loss":1945.50}}',
    "2026-01-31T12:00:01Z",
    "my-bot",
)
"""The one in docs/protocol.md."""


def test_every_code_is_explained_and_no_other() -> None:
    source = tomllib.loads((ROOT / "service" / "manual" / "explanations.toml").read_text())
    assert source.keys() == {refusal.code for refusal in all_refusals()}
    assert set(EXPLANATIONS) == set(all_refusals())


@pytest.mark.parametrize("explanation", EXPLANATIONS.values(), ids=lambda explanation: explanation.code)
def test_an_explanation_says_something_else_in_each_part(explanation: Explanation) -> None:
    parts = [explanation.cause, explanation.cure, explanation.retry, explanation.wrong, explanation.right]
    assert all(part.strip() for part in parts)
    assert len({part.strip() for part in parts}) == len(parts)
    assert max(map(len, explanation.wrong.splitlines() + explanation.right.splitlines())) <= 80


def test_the_same_request_is_to_be_sent_again_when_the_service_was_at_fault() -> None:
    again = {refusal for refusal, explanation in EXPLANATIONS.items() if explanation.retry.startswith("yes, the same")}
    assert again == {RequestTimeout, RateLimited, InternalError, Overloaded, ShuttingDown}


@pytest.mark.parametrize("refusal", [InvalidJson, DuplicateKey, ValidationFailed], ids=lambda refusal: refusal.code)
def test_the_wrong_body_is_refused_as_it_says_and_the_right_one_accepted(refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        parse_signal(EXPLANATIONS[refusal].wrong.strip().encode(), 32768)
    parse_signal(EXPLANATIONS[refusal].right.strip().encode(), 32768)


def test_signatures_are_those_of_the_worked_example() -> None:
    protocol = (ROOT / "docs" / "protocol.md").read_text()
    secret = "only-for-trying-out-0123456789abcdef"
    body, timestamp, producer_id = WORKED_EXAMPLE
    signature = sign(secret.encode(), body, timestamp, producer_id)
    for text in (secret, body.decode(), timestamp, producer_id, signature):
        assert f"| `{text}` |" in protocol
    shown = [line for explanation in EXPLANATIONS.values() for line in explanation.right.splitlines()]
    assert {line for line in shown if line.startswith("X-Signature: ")} == {f"X-Signature: {signature}"}
