"""A producer of signals as the scenarios know it: puts a request together, signs it, sends it."""

import hmac
import itertools
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.running.deployment import SECRET
from tests.running.reachable import Reachable
from tests.speaking.conversation import Conversation
from tests.speaking.exchange import SIGNALS, Request

_UNIQUE = itertools.count(1)
_START = datetime(2026, 1, 31, 12, tzinfo=UTC)

PRODUCER_ID, TIMESTAMP, SIGNATURE = "X-Producer-Id", "X-Timestamp", "X-Signature"


def time_text(instant: datetime) -> str:
    """An instant as producers write it."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def compute_mac(secret: bytes, *parts: bytes, digest: str = "sha256") -> bytes:
    """The MAC over the parts, by the standard library alone: no code of the service has a hand in it."""
    return hmac.digest(secret, b"".join(parts), digest)


@dataclass(frozen=True)
class Seal:
    """The three values that prove a sender, as they stand in the headers."""

    producer_id: bytes
    timestamp: bytes
    signature: bytes

    def put_on(self, request: Request) -> Request:
        """The request with the three headers."""
        signed = request.adding(PRODUCER_ID, self.producer_id).adding(TIMESTAMP, self.timestamp)
        return signed.adding(SIGNATURE, self.signature)


class Producer:
    """Writes signals that are valid, and all different, but for what a scenario changes."""

    def __init__(self, deployment: Reachable, conversation: Conversation) -> None:
        self._deployment = deployment
        self._conversation = conversation
        self.name = deployment.marks.producer_id
        self.secret = SECRET
        self.timestamp: str | None = None
        self.method = "POST"
        self.path = SIGNALS
        self.content_type: str | None = "application/json"
        self.signs = True
        self.length_declared = True
        self.unknown_fields = "{}"
        self.padded_size = 0
        self.fields = {"side": "0"}
        self.set_text("instrument", deployment.marks.instrument)
        if payload := deployment.marks.payload():
            self.fields["payload"] = payload
        self.set_time(_START + timedelta(microseconds=next(_UNIQUE)))

    def set_text(self, field: str, text: str) -> None:
        """Give a field a text, quoted as JSON wants it."""
        self.fields[field] = json.dumps(text, ensure_ascii=False)

    def set_time(self, instant: datetime) -> None:
        """Date the signal."""
        self.set_text("time", time_text(instant))

    def body(self) -> bytes:
        """The signal as JSON, every value written exactly as it was given."""
        members = [f'"{name}": {value}' for name, value in self.fields.items()]
        unknown = self.unknown_fields.strip()[1:-1]
        text = "{" + ", ".join([*members, *filter(None, [unknown])]) + "}"
        return text.encode().ljust(self.padded_size)

    def seal(self, body: bytes) -> Seal:
        """The proof that this producer sent `body`, now or at its own timestamp."""
        timestamp = (self.timestamp or time_text(self._deployment.now())).encode()
        producer_id = self.name.encode()
        mac = compute_mac(self.secret, body, timestamp, producer_id)
        return Seal(producer_id, timestamp, b64encode(mac))

    def request(self, body: bytes | None = None) -> Request:
        """The whole request around the signal, or around another body; signed where the service demands it."""
        request = self.unsigned_request(self.body() if body is None else body)
        if self._deployment.signing:
            return self.seal(request.body or b"").put_on(request) if self.signs else request
        named = self._deployment.marks.named_though_unsigned
        return request.adding(PRODUCER_ID, self.name.encode()) if named else request

    def unsigned_request(self, body: bytes) -> Request:
        """A request without any header of signing."""
        marked = self._deployment.marks.put_on(body)
        request = Request(self.method, self.path, (), marked, self.length_declared)
        if self.content_type is None:
            return request
        return request.adding("Content-Type", self.content_type.encode())

    def send(self, body: bytes | None = None) -> None:
        """Send the signal, or another body."""
        self._conversation.send(self.request(body))

    def fresh(self) -> "Producer":
        """The same producer with another signal."""
        other = Producer(self._deployment, self._conversation)
        other.name, other.secret = self.name, self.secret
        return other

    def request_signed_such_that(self, predicate: Callable[[bytes], bool]) -> Request:
        """A valid signed request whose signature looks as `predicate` wants it."""
        requests = (self.fresh().request() for _ in itertools.count())
        return next(request for request in requests if predicate(request.header(SIGNATURE)))
