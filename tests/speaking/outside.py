"""The deployment that SIGNALS_BASE_URL names: it runs already, others use it too, and only its answers can be seen."""

from base64 import b64encode
from datetime import UTC, datetime

import httpx
import pytest

from tests.running import confidential
from tests.running.deployment import SECRET
from tests.running.marks import QaMarks
from tests.running.waiting import DEADLINE_SECONDS
from tests.speaking.conversation import Conversation
from tests.speaking.exchange import Answer, Exchange, Request, exchange
from tests.speaking.producer import PRODUCER_ID, Seal, compute_mac, time_text

INSIDE = "@inside: it needs the log, the database, the clock, the settings or the faults of the service"
DIRECT = "@direct: a proxy answers this by itself, or has a connection of its own"

_NO_SIGNAL = b"{}"
_FIRST_SIGNAL = b'{"instrument":"TEST.QA","side":0,"time":"2026-01-31T12:00:00Z"}'

_REASONS = {
    401: "demands signatures, and HMAC_PRODUCER_SECRET is missing or another one",
    422: "takes no old signals, as the scenarios send them: SIGNALS_TIME_MAX_AGE_SECONDS is set",
}


class Outside:
    """The deployment at a URL, as far as its answers tell what it is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(timeout=DEADLINE_SECONDS)
        self.marks = QaMarks()
        self.signing = False
        self.facts = {"Service": url}
        """What it says that it is, for the report."""
        confidential.note_secret(SECRET)

    def meet(self, *, confirmed: bool) -> None:
        """Send it a first signal; refuses, in one sentence, what the scenarios cannot or must not be run against."""
        version = self._version()
        self.facts |= {"Version": f"{version['version']}, {version['env']}", "Build": version["build"]}
        if version["env"] == "production" and not confirmed:
            raise pytest.UsageError(f"{self.url} says that it is production: add CONFIRM=1 to store signals there")
        self.signing = self._post(_NO_SIGNAL, signed=False).status == 401
        status = self._post(_FIRST_SIGNAL, signed=self.signing).status
        if status != 201:
            raise pytest.UsageError(f"{self.url} {_REASONS.get(status, f'answers a first signal with {status}')}")
        if self.client.get(f"{self.url}/metrics").status_code != 200:
            self.client.event_hooks = {"request": [_skip_metrics]}

    def _version(self) -> dict[str, str]:
        try:
            answer = self.client.get(f"{self.url}/api/v1/version").raise_for_status().json()
            return {name: str(answer[name]) for name in ("version", "build", "env")}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            raise pytest.UsageError(f"no signals service answers at SIGNALS_BASE_URL={self.url}: {error}") from error

    def _post(self, body: bytes, *, signed: bool) -> Answer:
        name, timestamp = self.marks.producer_id.encode(), time_text(self.now()).encode()
        headers = (("Content-Type", b"application/json"), (PRODUCER_ID, name))
        request = Request("POST", headers=headers, body=body)
        seal = Seal(name, timestamp, b64encode(compute_mac(SECRET, body, timestamp, name)))
        signed_request = seal.put_on(request.without(PRODUCER_ID))
        return exchange(self.client, self.url, signed_request if signed else request).answer

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
