"""Sees before the race that every contestant makes the same checks: speed that is bought with a missing one is none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from tests.performance.contestants import Server
from tests.performance.database import PostgreSQL
from tests.performance.signed import headers_for, signed_request

Request = tuple[bytes, dict[str, str]]
BODY_BYTES = 300
TOO_LARGE = 40_000


class NotEqual(Exception):
    """A contestant does not do what the others do."""


@dataclass(frozen=True, slots=True)
class Check:
    """A request, and the statuses that all contestants may answer."""

    name: str
    request: Callable[[], Request]
    statuses: frozenset[int]


def _without(header: str) -> Callable[[], Request]:
    def request() -> Request:
        body, headers = signed_request(BODY_BYTES)
        del headers[header]
        return body, headers

    return request


def _with(header: str, value: str) -> Callable[[], Request]:
    def request() -> Request:
        body, headers = signed_request(BODY_BYTES)
        return body, headers | {header: value}

    return request


def _signed(change: Callable[[bytes], bytes], age: timedelta = timedelta(0)) -> Callable[[], Request]:
    """A body that is changed before it is signed."""

    def request() -> Request:
        body = change(signed_request(BODY_BYTES)[0])
        return body, headers_for(body, f"{datetime.now(UTC) - age:%Y-%m-%dT%H:%M:%S.%fZ}")

    return request


def _tampered() -> Request:
    body, headers = signed_request(BODY_BYTES)
    return body.replace(b"XAUUSD", b"XAGUSD"), headers


def _replacing(old: bytes, new: bytes) -> Callable[[], Request]:
    return _signed(lambda body: body.replace(old, new))


def _same(body: bytes) -> bytes:
    return body


CHECKS = (
    Check("no signature", _without("X-Signature"), frozenset({401})),
    Check("no timestamp", _without("X-Timestamp"), frozenset({401})),
    Check("no producer", _without("X-Producer-Id"), frozenset({401})),
    Check("an ill-formed producer", _with("X-Producer-Id", "a b"), frozenset({400})),
    Check("another's signature", _with("X-Signature", "A" * 43 + "="), frozenset({401})),
    Check("a tampered body", _tampered, frozenset({401})),
    Check("a timestamp of ten minutes ago", _signed(_same, timedelta(minutes=10)), frozenset({401})),
    Check("a timestamp of ten minutes ahead", _signed(_same, timedelta(minutes=-10)), frozenset({401})),
    Check("an unreadable timestamp", _with("X-Timestamp", "yesterday"), frozenset({401})),
    Check("text/plain", _with("Content-Type", "text/plain"), frozenset({415})),
    Check("a body too large", _signed(lambda _: b'{"a":"' + b"x" * 300_000 + b'"}'), frozenset({413})),
    Check("a payload too large", lambda: signed_request(TOO_LARGE), frozenset({413})),
    Check("no JSON", _signed(lambda body: body[:-1]), frozenset({400, 422})),
    Check("a lower-case instrument", _replacing(b"XAUUSD", b"xauusd"), frozenset({422})),
    Check("no instrument", _replacing(b'"instrument"', b'"nothing"'), frozenset({422})),
    Check("a side of true", _replacing(b'"side":0', b'"side":true'), frozenset({422})),
    Check('a side of "0"', _replacing(b'"side":0', b'"side":"0"'), frozenset({422})),
    Check("a time without a zone", _replacing(b'Z","payload"', b'","payload"'), frozenset({422})),
    Check("a payload that is a list", _signed(lambda body: _list_payload(body)), frozenset({422})),
    Check("version 0", _replacing(b'"version":1', b'"version":0'), frozenset({422})),
)


def _list_payload(body: bytes) -> bytes:
    return body.partition(b'"payload"')[0] + b'"payload":[]}'


def require_parity(server: Server, postgresql: PostgreSQL) -> None:
    """Sends one good signal and every kind of bad one. Raises NotEqual at the first answer that differs."""
    title, database = server.contestant.title, server.contestant.database
    with httpx.Client(timeout=10) as client:
        body, headers = signed_request(BODY_BYTES)
        answer = client.post(server.url, content=body, headers=headers)
        if answer.status_code != 201 or answer.json().keys() != {"id", "status", "created_at"}:
            raise NotEqual(f"{title} answers a good signal with {answer.status_code} {answer.text[:200]}")
        _require_stored(title, postgresql, database, answer.json()["id"], body)
        for check in CHECKS:
            body, headers = check.request()
            status = client.post(server.url, content=body, headers=headers).status_code
            if status not in check.statuses:
                raise NotEqual(f"{title} answers {check.name} with {status}")
    if postgresql.rows(database) != 1:
        raise NotEqual(f"{title} stored a signal that it refused")


def _require_stored(title: str, postgresql: PostgreSQL, database: str, signal_id: str, body: bytes) -> None:
    stored = postgresql.sql(
        database,
        f"SELECT count(*) FROM signals WHERE id = '{signal_id}' AND producer_id = 'bench' AND instrument = 'XAUUSD' "
        f"AND payload = '{body.decode()}'::jsonb -> 'payload' AND status = 0 AND version = 1 "
        "AND abs(extract(epoch FROM now() - created_at)) < 60",
    )
    if stored != "1":
        raise NotEqual(f"{title} did not store the signal as it was sent")
