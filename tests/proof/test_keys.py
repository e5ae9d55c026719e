"""Proven by a key: which one is told, and what one that has ended still proves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from starlette.types import ASGIApp
from structlog.typing import EventDict

from service.http.errors import Overloaded
from service.kernel.errors import Refusal
from service.keyring.keyring import ENDED_MAX, IN_USE_MAX, Key, Keyring, Registered
from service.proof.authentication import Proving, Sender
from service.proof.errors import SignatureMismatch
from service.proof.signing import KEYS_MAX, RESENT_FOR, sign
from tests.http.asgi import BODY, Recorder, never
from tests.proof.guards import guarded
from tests.proof.test_authentication import NOW, SIGNATURE, authenticate, signing_headers
from tests.running.application import figure

pytestmark = pytest.mark.anyio

ENDED = NOW - timedelta(seconds=1)


def key(secret: bytes | None, *, ends_at: object = None) -> Key:
    return Key(uuid4(), "alpha", secret, ends_at)  # type: ignore[arg-type]


@dataclass
class Desk:
    """A keyring, the MACs of stored requests, and what is counted and asked."""

    keys: Sequence[Key] = ()
    stored: bool = False
    enabled: bool = True
    asked: list[bytes] = field(default_factory=list)
    used: list[UUID] = field(default_factory=list)

    def guard(self, inner: ASGIApp) -> ASGIApp:
        """The guard before an application, for a producer `alpha` with these keys."""
        ring = Keyring(b"the-shared-secret-of-all-others", RESENT_FOR)
        ring.fill({"alpha": Registered(self.enabled, tuple(self.keys))})
        return self.guard_of(ring, inner)

    def guard_of(self, ring: Keyring, inner: ASGIApp) -> ASGIApp:
        """The guard with a keyring."""
        return guarded(inner, Proving(ring.find, self._require_stored, self.used.append), lambda: NOW)

    async def _require_stored(self, mac: bytes, refusal: Refusal) -> None:
        self.asked.append(mac)
        if not self.stored:
            raise refusal


async def test_the_key_that_proved_it_is_told_and_counted(log_lines: list[EventDict]) -> None:
    first, second = key(b"first"), key(b"second")
    desk, inner = Desk([first, second]), Recorder()
    before = figure("signals_proofs_total", result="success", reason="valid_signature")
    await authenticate(desk.guard(inner), signing_headers(secret=b"second"))
    sender = inner.state["sender"]
    assert isinstance(sender, Sender)
    assert (sender.producer_id, sender.key_id) == ("alpha", second.id)
    assert desk.used == [second.id]
    assert [(line["key_id"], line["result"]) for line in log_lines] == [(str(second.id), "success")]
    assert figure("signals_proofs_total", result="success", reason="valid_signature") == before + 1
    assert desk.asked == []


async def test_the_shared_secret_has_no_key_and_is_not_counted() -> None:
    desk, inner = Desk(), Recorder()
    headers = signing_headers(secret=b"the-shared-secret-of-all-others", producer="beta")
    await authenticate(desk.guard(inner), headers)
    assert inner.state["sender"].key_id is None  # type: ignore[attr-defined]
    assert desk.used == []


async def test_a_request_that_is_resent_under_a_key_that_has_ended_passes() -> None:
    ended = key(b"old", ends_at=ENDED)
    desk, inner = Desk([key(b"new"), ended], stored=True), Recorder()
    await authenticate(desk.guard(inner), signing_headers(secret=b"old"))
    assert inner.state["sender"].key_id == ended.id  # type: ignore[attr-defined]
    assert [inner.state["sender"].mac] == desk.asked  # type: ignore[attr-defined]


REFUSED = {
    "wrong": Desk([key(b"new")]),
    "unknown": Desk(),
    "disabled": Desk([key(b"old")], enabled=False),
    "revoked": Desk([key(b"new")], stored=True),
    "ended, and not stored before": Desk([key(b"new"), key(b"old", ends_at=ENDED)]),
    "ended long ago": Desk([key(b"new"), key(b"old", ends_at=NOW - RESENT_FOR)], stored=True),
    "no live key": Desk([key(b"other", ends_at=ENDED)]),
    "five live keys": Desk([key(b"n%d" % number) for number in range(IN_USE_MAX)]),
    "ten keys": Desk([key(b"n%d" % number, ends_at=ENDED if number >= IN_USE_MAX else None) for number in range(10)]),
}


@pytest.mark.parametrize("kind", [*REFUSED])
async def test_all_others_are_one_and_the_same_refusal(kind: str, log_lines: list[EventDict]) -> None:
    desk = REFUSED[kind]
    headers = signing_headers(secret=b"old")
    with pytest.raises(SignatureMismatch) as reference:
        await authenticate(Desk().guard(never), headers)
    before = figure("signals_proofs_total", result="failure", reason="invalid_signature")
    with pytest.raises(SignatureMismatch) as refused:
        await authenticate(desk.guard(never), headers)
    told = (refused.value.status, refused.value.detail, dict(refused.value.headers), refused.value.extra)
    assert told == (
        reference.value.status,
        reference.value.detail,
        dict(reference.value.headers),
        reference.value.extra,
    )
    assert log_lines[0] == log_lines[1]
    assert "key_id" not in log_lines[1]
    assert desk.used == []
    assert figure("signals_proofs_total", result="failure", reason="invalid_signature") == before + 1


async def test_the_database_is_asked_only_about_a_key_that_has_ended() -> None:
    desk = Desk([key(b"new"), key(b"old", ends_at=ENDED)])
    with pytest.raises(SignatureMismatch):
        await authenticate(desk.guard(never), signing_headers(secret=b"strange"))
    assert desk.asked == []


@pytest.mark.parametrize(("ends_at", "hinted"), [(None, True), (ENDED, False)])
async def test_hints_are_for_those_whose_key_is_in_use(ends_at: datetime | None, hinted: bool) -> None:
    desk = Desk([key(b"new"), key(b"old", ends_at=ends_at)])
    mistaken = sign(b"old", BODY + b"\n", NOW.isoformat(), "alpha").encode()
    with pytest.raises(SignatureMismatch) as refused:
        await authenticate(desk.guard(never), signing_headers({SIGNATURE: mistaken}))
    assert ("hint" in refused.value.extra) is hinted


async def test_whose_keys_do_not_open_is_put_off_and_not_refused(log_lines: list[EventDict]) -> None:
    desk = Desk([Key(uuid4(), "alpha", None, opens=False)])
    with pytest.raises(Overloaded):
        await authenticate(desk.guard(never), signing_headers())
    assert log_lines == []


async def test_before_the_keys_are_known_everybody_is_put_off() -> None:
    empty = Keyring(b"the-shared-secret-of-all-others", RESENT_FOR)
    desk = Desk()
    guard = desk.guard_of(empty, never)
    for secret in (b"old", b"the-shared-secret-of-all-others"):
        with pytest.raises(Overloaded):
            await authenticate(guard, signing_headers(secret=secret))


def test_a_refusal_tries_as_many_keys_as_there_may_be() -> None:
    assert KEYS_MAX == IN_USE_MAX + ENDED_MAX
