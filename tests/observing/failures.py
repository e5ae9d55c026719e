"""How a failed scenario is told: what does not hold, then the request, the answer, and the log lines about them."""

import re

import pytest

from tests.observing.log import Log
from tests.running.deployment import SECRET, Deployment
from tests.speaking.conversation import Conversation

_ORIGIN_OF_A_VALUE = re.compile(r"^\s*\+  (where|and) ", re.MULTILINE)


def describe(request: pytest.FixtureRequest, sentence: str, error: Exception) -> str:
    """The sentence that does not hold and why, the exchange before it, and the log lines of its request."""
    message = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
    parts = [f"{sentence}\n\n{_ORIGIN_OF_A_VALUE.split(message)[0].rstrip()}"]
    if "conversation" in request.fixturenames:
        parts += _exchange(request)
    return "\n\n".join(parts).replace(SECRET.decode(), "...")


def _exchange(request: pytest.FixtureRequest) -> list[str]:
    conversation: Conversation = request.getfixturevalue("conversation")
    if not conversation.exchanges:
        return ["nothing was sent"]
    log_is_seen = isinstance(request.getfixturevalue("deployment"), Deployment)
    if not log_is_seen or "X-Request-Id" not in conversation.answer.headers:
        return [str(conversation.exchange)]
    log: Log = request.getfixturevalue("log")
    return [str(conversation.exchange), log.text_about_latest()]
