"""Both guards of a signed request, as the route of signals has them, but for the body between them."""

from collections.abc import Callable, Sequence
from uuid import UUID

from starlette.types import ASGIApp

from service.http.ration import Ration
from service.kernel.errors import Refusal
from service.kernel.timestamps import Clock
from service.keyring.keyring import Key
from service.proof.authentication import ProducerAuthentication, Proving
from service.proof.signing_headers import SigningHeaders


def guarded(inner: ASGIApp, proving: Proving, clock: Clock) -> ASGIApp:
    """`inner` behind the guard that looks at the headers and the one that proves the body, which is read already."""
    return SigningHeaders(ProducerAuthentication(inner, proving, clock, Ration(1)), clock)


def proving(inner: ASGIApp, find_secrets: Callable[[str], Sequence[bytes]], clock: Clock) -> ASGIApp:
    """The same with these secrets."""
    return guarded(inner, by_secrets(find_secrets), clock)


def by_secrets(find_secrets: Callable[[str], Sequence[bytes]]) -> Proving:
    """What proves with secrets that are no producer's own; nothing was stored before."""
    return Proving(lambda name, _: [Key(None, "", secret) for secret in find_secrets(name)], _never_stored, _uncounted)


async def _never_stored(_: bytes, refusal: Refusal) -> None:
    raise refusal


def _uncounted(_: UUID) -> None:
    return None
