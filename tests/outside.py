"""The deployment that SIGNALS_BASE_URL names: it runs already, others use it too, and only its answers can be seen."""

from base64 import b64encode
from datetime import UTC, datetime

import httpx
import pytest

from tests.contract import fields_at_fault
from tests.conversation import Conversation
from tests.deployment import SECRET
from tests.exchange import Answer, Exchange, Request, exchange
from tests.marks import QaMarks
from tests.producer import Seal, compute_mac, time_text
from tests.waiting import DEADLINE_SECONDS

INSIDE = "@inside: it needs the log, the database, the clock, the settings or the faults of the service"

PROBE = b'{"time":"2026-01-31T12:00:00Z"}'
"""No signal, so that nothing is stored whatever the deployment is."""


class Outside:
    """The deployment at a URL, as far as its answers tell what it is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(timeout=DEADLINE_SECONDS)
        self.marks = QaMarks()
        self.signing = False

    def meet(self, *, confirmed: bool) -> None:
        """Learn what it demands; refuses, in one sentence, what the scenarios cannot or must not be run against."""
        if self._environment() == "production" and not confirmed:
            raise pytest.UsageError(f"{self.url} says that it is production: add CONFIRM=1 to store signals there")
        self.signing = self._probe(signed=False).status == 401
        answer = self._probe(signed=self.signing)
        if answer.status != 422:
            raise pytest.UsageError(f"{self.url} demands signatures: HMAC_PRODUCER_SECRET is missing or another one")
        if "time" in fields_at_fault(answer):
            raise pytest.UsageError(f"{self.url} has SIGNALS_TIME_MAX_AGE_SECONDS set: the scenarios send old signals")
        if self.client.get(f"{self.url}/metrics").status_code != 200:
            self.client.event_hooks = {"request": [_skip_metrics]}

    def _environment(self) -> str:
        try:
            answer = self.client.get(f"{self.url}/api/v1/version")
            return str(answer.raise_for_status().json()["env"])
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            raise pytest.UsageError(f"no signals service answers at SIGNALS_BASE_URL={self.url}: {error}") from error

    def _probe(self, *, signed: bool) -> Answer:
        request = Request("POST", headers=(("Content-Type", b"application/json"),), body=PROBE)
        timestamp, name = time_text(self.now()).encode(), self.marks.producer_id.encode()
        seal = Seal(name, timestamp, b64encode(compute_mac(SECRET, PROBE, timestamp, name)))
        return exchange(self.client, self.url, seal.put_on(request) if signed else request).answer

    def demand_signing(self, on: bool) -> None:
        """It is as it is: a scenario that wants it otherwise is skipped."""
        if on is not self.signing:
            pytest.skip(f"the deployment has signing {'on' if self.signing else 'off'}")

    def now(self) -> datetime:
        """The clock of this machine, which has to be right."""
        return datetime.now(UTC)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()


def _skip_metrics(request: httpx.Request) -> None:
    if request.url.path.rstrip("/").endswith("/metrics"):
        pytest.skip("the deployment does not show its metrics to the outside")


class Answers:
    """Judges by the answers what is stored: a signal has an id, and with signing on a resend is told the same again."""

    def __init__(self, outside: Outside, conversation: Conversation) -> None:
        self._outside = outside
        self._conversation = conversation

    def count_new(self) -> int:
        """How many different signals were answered with 201; each must still be known."""
        accepted = [exchange for exchange in self._conversation.exchanges if exchange.answer.status == 201]
        first = {exchange.answer.json()["id"]: exchange for exchange in reversed(accepted)}
        if self._outside.signing:
            for each in first.values():
                self._check_known(each)
        return len(first)

    def _check_known(self, earlier: Exchange) -> None:
        again = exchange(self._outside.client, self._outside.url, earlier.request).answer
        assert (again.status, again.body) == (201, earlier.answer.body), "a resend was answered differently"
        assert again.replayed, "a resend was not marked as replayed"
