"""What a request claims with its signal, so that the same is stored once: the key that its producer chose for it, and
what the signal says. Pure."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple


class Claim(NamedTuple):
    """Under `key` something is known again, and the same as before when `fingerprint` is the same too. It holds until
    `expires_at`, or for so many `seconds` from when it was stored. Not for days: in the time zone of a session, which
    may be a pooler's or a role's, one has 23 hours, or 25, where clocks change."""

    key: bytes
    fingerprint: bytes | None
    expires_at: datetime | None = None
    seconds: float | None = None

    @property
    def lock(self) -> int:
        """The advisory lock of whoever is storing something under this key."""
        return int.from_bytes(self.key[-8:], signed=True)


@dataclass(frozen=True, slots=True)
class Content:
    """The claim of what a signal says, and whether one that says the same is refused."""

    claim: Claim
    refuse: bool


def claim_of_key(key: str, body: bytes, *, route: str, producer_id: str | None, signed: bool, seconds: float) -> Claim:
    """An idempotency key: of one producer and for one route, and none that is unsigned stands for a signed one."""
    return Claim(
        b"k" + _hash(route, _owner(producer_id, signed=signed), key),
        sha256(body).digest(),
        seconds=seconds,
    )


def claim_of_content(
    *,
    producer_id: str,
    signed: bool,
    instrument: str,
    side: int,
    time: datetime,
    payload: dict[str, Any] | None,
    version: int,
    seconds: float,
) -> Claim:
    """Instrument, side and time, which make a signal of a producer the same as another. Payload and version may differ,
    which is seen by the fingerprint; white space and the order of members make no difference."""
    moment = time.astimezone(UTC).isoformat()
    written = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    key = b"c" + _hash(_owner(producer_id, signed=signed), instrument, str(side), moment)
    return Claim(key, _hash(str(version), written), seconds=seconds)


def _owner(producer_id: str | None, *, signed: bool) -> str:
    return f"{'signed' if signed else 'unsigned'} {producer_id or ''}"


def _hash(*parts: str) -> bytes:
    """No part can be taken for another: each is told with its length."""
    return sha256(b"".join(b"%d:%b" % (len(part), part) for part in map(str.encode, parts))).digest()
