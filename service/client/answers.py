"""What an attempt came to: a stored signal, or a failure and what may be done about it. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import httpx

from service.client.failures import (
    BUSY,
    KINDS,
    AlreadyStored,
    BodyRefused,
    InvalidSignal,
    Refused,
    ServiceBusy,
    ServiceUnreachable,
    SignalRefused,
    SignalsError,
    SignatureRefused,
    UnexpectedAnswer,
)
from service.client.retries import retry_after
from service.client.signal import StoredSignal
from service.kernel.timestamps import parse_timestamp

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""What happens before the first byte of a request leaves. After anything else the service may have had it all."""

Outcome = httpx.Response | httpx.RequestError

Fate = StoredSignal | SignalsError
"""What became of a signal: it is stored, or why not."""

R = TypeVar("R", bound=Refused)


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt after which the signal is not known to be stored.

    `retry`: the very same request may be stored later. `open`: this attempt itself may have stored it.
    `wait_seconds`: what the service asked to wait.
    """

    error: SignalsError
    retry: bool
    open: bool
    wait_seconds: float = 0.0


def read(outcome: Outcome, now: datetime) -> StoredSignal | Failure:
    """What an attempt came to. Nothing is taken for granted that this service did not say itself."""
    if isinstance(outcome, httpx.RequestError):
        return unanswered(outcome)
    content = json_object(outcome)
    if outcome.status_code in _STORED and (stored := _stored(outcome, content)):
        return stored
    return _failure(outcome, content, now)


def read_batch(outcome: Outcome, now: datetime) -> list[Fate] | Failure:
    """The same for a batch: what became of each signal in it, in their order."""
    if isinstance(outcome, httpx.RequestError):
        return unanswered(outcome)
    content = json_object(outcome)
    if outcome.status_code in _SETTLED and (fates := _fates(outcome, content)):
        return fates
    failure = _failure(outcome, content, now)
    if isinstance(failure.error, InvalidSignal):
        failure = replace(failure, error=BodyRefused(**asdict(failure.error)))
    return failure


_STORED = {httpx.codes.OK, httpx.codes.CREATED}
_SETTLED = {httpx.codes.CREATED, httpx.codes.MULTI_STATUS, httpx.codes.UNPROCESSABLE_ENTITY}


def _failure(answer: httpx.Response, content: Mapping[str, Any], now: datetime) -> Failure:
    wait = retry_after(answer.headers.get("Retry-After"), now)
    code = content.get("code")
    if answer.is_success or not _is_refusal(answer.status_code, code):
        return _unexpected(answer, wait)
    return Failure(_refusal(answer, content), retry=code in BUSY, open=False, wait_seconds=wait)


def _fates(answer: httpx.Response, content: Mapping[str, Any]) -> list[Fate]:
    """None where the answer does not tell them."""
    try:
        return [_fate(answer, result) for result in content["results"]]
    except (KeyError, ValueError, TypeError, AttributeError):
        return []


def _fate(answer: httpx.Response, result: Mapping[str, Any]) -> Fate:
    if result["status"] in _STORED:
        return _signal(answer, {**result, "status": 0}, found=result["status"] == httpx.codes.OK)
    refusal = _refusal(answer, result)
    refusal.status = int(result["status"])
    return refusal


def unanswered(error: httpx.RequestError) -> Failure:
    """An attempt that was not answered. `open` tells whether anything of it was sent."""
    if isinstance(error, NEVER_SENT):
        unreachable = ServiceUnreachable(f"The service cannot be reached: {error}")
        unreachable.__cause__ = error
        return Failure(unreachable, retry=True, open=False)
    lost = SignalsError(f"The answer did not arrive: {str(error) or type(error).__name__}")
    lost.__cause__ = error
    return Failure(lost, retry=True, open=True)


def json_object(answer: httpx.Response) -> Mapping[str, Any]:
    """The JSON object in an answer; an empty one when it is anything else."""
    try:
        content = answer.json()
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _stored(answer: httpx.Response, content: Mapping[str, Any]) -> StoredSignal | None:
    try:
        return _signal(answer, content, found=answer.status_code == httpx.codes.OK)
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _signal(answer: httpx.Response, content: Mapping[str, Any], *, found: bool) -> StoredSignal:
    return StoredSignal(
        id=UUID(content["id"]),
        status=int(content["status"]),
        created_at=parse_timestamp(content["created_at"]),
        replayed="Idempotent-Replayed" in answer.headers,
        request_id=answer.headers["X-Request-Id"],
        differs=bool(content.get("differs")) if found else None,
    )


def _is_refusal(status: int, code: object) -> bool:
    """Whether the service itself says that it stored nothing. A 5xx may come from a proxy that forwarded the request,
    so there it takes the code of a refusal that is known to store nothing."""
    return isinstance(code, str) and (status < 500 or code in BUSY)


def _unexpected(answer: httpx.Response, wait: float) -> Failure:
    """Below 500 it is final: a redirect, or a refusal by something that did not let the request through."""
    error = UnexpectedAnswer(answer.status_code, answer.headers.get("X-Request-Id"))
    return Failure(
        error, retry=answer.is_server_error, open=answer.is_server_error or answer.is_success, wait_seconds=wait
    )


def refusal(kind: type[R], answer: httpx.Response, content: Mapping[str, Any], *more: Any) -> R:
    """What the service has refused, with what it says about that."""
    request_id = answer.headers.get("X-Request-Id", "")
    return kind(content["code"], answer.status_code, content.get("detail", ""), request_id, content.get("hint"), *more)


def _refusal(answer: httpx.Response, content: Mapping[str, Any]) -> SignalRefused:
    kind = KINDS.get(content["code"], SignalRefused)
    if issubclass(kind, AlreadyStored):
        return refusal(kind, answer, content, _id(content.get("duplicate_of") or answer.headers.get("Duplicate-Of")))
    if issubclass(kind, ServiceBusy):
        return refusal(kind, answer, content, content.get("at_once"))
    if not issubclass(kind, SignatureRefused):
        return refusal(kind, answer, content)
    return refusal(kind, answer, content, _moment(content.get("server_time")), content.get("skew_seconds"))


def _id(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _moment(text: object) -> datetime | None:
    try:
        return parse_timestamp(text) if isinstance(text, str) else None
    except ValueError:
        return None
