"""Both guards of a signed request, as the route of signals has them, but for the body between them."""

from starlette.types import ASGIApp

from service.kernel.ration import Ration
from service.kernel.timestamps import Clock
from service.proof.authentication import FindSecrets, ProducerAuthentication
from service.proof.signing_headers import SigningHeaders


def proving(inner: ASGIApp, find_secrets: FindSecrets, clock: Clock) -> ASGIApp:
    """`inner` behind the guard that looks at the headers and the one that proves the body, which is read already."""
    return SigningHeaders(ProducerAuthentication(inner, find_secrets, clock, Ration(1)), clock)
