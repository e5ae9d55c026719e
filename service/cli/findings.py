"""What is looked at by `signals doctor`, and what to mend.

Nothing that is sent is a signal, so nothing is stored and nobody trades on it: the refusals that are asked for come
after the check of the signature. Each is one line in the log of the service, under a request id that begins `doctor-`.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from secrets import token_bytes
from typing import Literal, NamedTuple
from uuid import uuid4

import httpx

from service import __version__
from service.client.answers import json_object
from service.client.preparation import PATH
from service.client.signature import ProducerSignature
from service.http.errors import BodyTooLarge, ValidationFailed
from service.proof.errors import HeaderMissing, TimestampOutsideWindow
from service.proof.signing import WINDOW_SECONDS
from service.rates.errors import RateLimited
from service.rates.fields import POLICY

NO_SIGNAL = b"{}"
"""JSON that is no signal, which is noticed after the signature was believed."""

LARGEST_BODY = 6 * 32_768 + 4096
"""What a payload at its default limit may need on the wire, when every character of it is escaped."""

NOTED_SKEW_SECONDS = 10


class Finding(NamedTuple):
    """One look at the service. `away` means that it could not be seen at all."""

    verdict: Literal["ok", "note", "wrong", "away"]
    subject: str
    found: str
    cure: str = ""


class Examination:
    """Looks at the service at `url` with the eyes of a producer; `signature` is None for one without a secret."""

    def __init__(self, http: httpx.Client, url: str, signature: ProducerSignature | None) -> None:
        self._http = http
        self._url = url
        self._signature = signature

    def findings(self) -> Iterator[Finding]:
        """What was found, one after the other; the last one is `away` where nothing more can be seen."""
        try:
            yield from self._look()
        except httpx.RequestError as error:
            found = str(error) or type(error).__name__
            yield Finding("away", "network", found, "check the address, the service, and what stands between")

    def _look(self) -> Iterator[Finding]:
        asked = datetime.now(UTC)
        health = self._http.get(f"{self._url}/api/v1/health")
        if json_object(health).get("status") != "ok":
            found = f"something else answers, with status {health.status_code}"
            yield Finding("away", "network", found, "check the address, and the proxy if there is one")
            return
        yield Finding("ok", "network", f"the service answers in {health.elapsed.total_seconds() * 1000:.0f} ms")
        yield encryption(health.url)
        yield self._readiness()
        yield self._version()
        yield _clock(health, asked + (datetime.now(UTC) - asked) / 2)
        yield from self._signing()
        yield self._size()

    def _readiness(self) -> Finding:
        content = json_object(self._http.get(f"{self._url}/api/v1/ready"))
        if content.get("ready"):
            return Finding("ok", "readiness", "signals can be stored")
        reason = content.get("dependencies", {}).get("db", "it does not say why")
        return Finding("wrong", "readiness", f"signals cannot be stored: {reason}", "tell the operator of the service")

    def _version(self) -> Finding:
        told = json_object(self._http.get(f"{self._url}/api/v1/version"))
        version = str(told.get("version", ""))
        found = f"{version}, build {told.get('build')}, {told.get('env')}"
        if version.partition(".")[0] == __version__.partition(".")[0]:
            return Finding("ok", "version", found)
        return Finding("note", "version", found, f"this program is {__version__}: use one of the same major version")

    def _signing(self) -> Iterator[Finding]:
        code = json_object(self._post(NO_SIGNAL)).get("code")
        if code == ValidationFailed.code:
            found = "unsigned signals are taken and signatures ignored, so one that is sent again may be doubled"
            yield Finding("note", "signing", found, "in earnest, set HMAC_PRODUCER_ENABLED=true at the service")
        elif code != HeaderMissing.code:
            yield Finding("wrong", "signing", f"an unexpected answer: {code}", "check what stands before the service")
        elif self._signature is None:
            cure = "set HMAC_PRODUCER_SECRET and --producer-id"
            yield Finding("wrong", "signing", "signatures are demanded, and here is no secret", cure)
        else:
            yield Finding("ok", "signing", "signatures are demanded")
            yield from self._belief(self._signature)

    def _belief(self, signature: ProducerSignature) -> Iterator[Finding]:
        answer = self._post(NO_SIGNAL, signature)
        content = json_object(answer)
        code = content.get("code")
        if code in {ValidationFailed.code, RateLimited.code}:
            yield Finding("ok", "signature", f"believed, as {signature.producer_id}")
            yield rate(answer)
            return
        if answer.is_server_error:
            yield Finding("wrong", "signature", f"cannot be judged now: {code}", "tell the operator of the service")
            return
        cure = content.get("hint") or "compare the secret with the operator's; `signals explain` shows what is signed"
        yield Finding("wrong", "signature", f"{code}: {content.get('detail')}", cure)

    def _size(self) -> Finding:
        """The service looks at the size before the signature, but not of a request whose headers fail whatever its body
        is. Where there is no secret, a signature that proves nothing will do."""
        frame = b'{"padding":""}'
        signature = self._signature or ProducerSignature("doctor", token_bytes(32))
        answer = self._post(frame[:-2].ljust(LARGEST_BODY - 2, b"-") + frame[-2:], signature)
        if json_object(answer).get("code") == TimestampOutsideWindow.code:
            return Finding("note", "size", "cannot be seen while the clocks differ", "set this clock, and ask again")
        if answer.status_code != httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return Finding("ok", "size", f"a body of {LARGEST_BODY} bytes gets through")
        found = f"a body of {LARGEST_BODY} bytes is refused"
        if json_object(answer).get("code") == BodyTooLarge.code:
            return Finding("note", "size", f"{found} by the service", "keep payloads below its own, lower limit")
        return Finding("wrong", "size", f"{found} on the way", "raise the limit of the proxy (client_max_body_size)")

    def _post(self, body: bytes, signature: ProducerSignature | None = None) -> httpx.Response:
        headers = {"Content-Type": "application/json", "X-Request-Id": f"doctor-{uuid4()}"}
        return self._http.post(self._url + PATH, content=body, headers=headers, auth=signature or httpx.Auth())


def encryption(url: httpx.URL) -> Finding:
    """Whether others can read what is sent to an address that has answered."""
    if url.scheme == "https":
        return Finding("ok", "encryption", "TLS, with a certificate that is trusted here")
    if _is_this_machine(url.host):
        return Finding("ok", "encryption", "none, and none needed: the service is on this machine")
    return Finding("note", "encryption", "none: signals can be read on the way", "use an address with https")


def rate(answer: httpx.Response) -> Finding:
    """How much the producer may send, by an answer to it."""
    policy = re.search(r";q=([0-9]{1,9});w=([0-9]{1,9})", answer.headers.get(POLICY, ""))
    if policy is None:
        return Finding("ok", "rate", "as many signals as you like")
    found = f"{policy[1]} {'signal' if policy[1] == '1' else 'signals'} in {policy[2]} s"
    if answer.status_code == RateLimited.status:
        return Finding("note", "rate", f"{found}, which is used up", "send less, or ask the operator for another rate")
    return Finding("ok", "rate", f"{found}, and no more")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _clock(answer: httpx.Response, now: datetime) -> Finding:
    """By the header `Date`, which has whole seconds."""
    try:
        ahead = round((now - parsedate_to_datetime(answer.headers["Date"])).total_seconds() - 0.5)
    except (KeyError, ValueError, TypeError):
        return Finding("note", "clock", "the answer has no date", "see that nothing removes the header Date")
    found = f"this clock is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} that of the service"
    if abs(ahead) > WINDOW_SECONDS:
        cure = f"set this clock (NTP): signatures are refused beyond {WINDOW_SECONDS} s"
        return Finding("wrong", "clock", found, cure)
    if abs(ahead) > NOTED_SKEW_SECONDS:
        return Finding("note", "clock", found, "set this clock (NTP) before it is too late")
    return Finding("ok", "clock", "the same as that of the service, within seconds")
