"""Who decides, or looks at a signal of its own: a reader by its token, or a producer by its signature."""

from collections.abc import Callable, Sequence

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.body_limit import BodyLimit
from service.http.headers import values
from service.http.json_only import JsonOnly
from service.lifecycle.errors import NotPermitted
from service.proof.authentication import Sender
from service.readers import scope as reading
from service.readers.scope import APPROVE, Reader

BODY_MAX_BYTES = 16 * 1024
"""The most that a decision may have on the wire: a reason at its limit may arrive escaped, twelve bytes a character."""

Proof = Callable[[Sequence[Middleware]], Sequence[Middleware]]
"""What proves a producer, with what reads the body in between; nothing where signing is off."""


def either(readers: Sequence[Middleware], producers: Sequence[Middleware]) -> Middleware:
    """Lets through who passes these guards of readers, or these of producers."""
    return Middleware(TokenOrSignature, readers=readers, producers=producers)


def deciders(readers: Sequence[Middleware], proof: Proof) -> Middleware:
    """Lets through who may change the state of a signal, and shows a token to these guards. That anybody may read lets
    nobody decide."""
    body = [Middleware(JsonOnly), Middleware(BodyLimit, max_bytes=BODY_MAX_BYTES)]
    return either([*readers, Middleware(MayApprove), *body], proof(body))


class TokenOrSignature:
    """Has a request go past the guards of readers, or past those of producers if it is signed and shows no token."""

    def __init__(self, app: ASGIApp, readers: Sequence[Middleware], producers: Sequence[Middleware]) -> None:
        self.app = _behind(readers, app)
        self.signed = _behind([*producers, Middleware(OwnSignals)], app) if producers else self.app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_signed = values(scope, b"x-signature") and not values(scope, b"authorization")
        await (self.signed if is_signed else self.app)(scope, receive, send)


class OwnSignals:
    """Has a proven producer read its own signals, and no others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender: Sender = scope["state"]["sender"]
        scope["reader"] = Reader(None, reading.Scope(producers=(str(sender.producer_id),)), (reading.SEE_WAITING,))
        await self.app(scope, receive, send)


class MayApprove:
    """Lets through readers that may decide."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reader: Reader = scope["reader"]
        if APPROVE not in reader.may:
            raise NotPermitted
        await self.app(scope, receive, send)


def _behind(guards: Sequence[Middleware], app: ASGIApp) -> ASGIApp:
    """The application behind these guards, the first of which sees a request first."""
    for guard in reversed(guards):
        app = guard.cls(app, *guard.args, **guard.kwargs)
    return app
