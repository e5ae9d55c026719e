"""Contestant (d), the ceiling: reads the body and answers 201 with a body of the usual size. No check, no database."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ANSWER = b'{"id":"01a20dc1-061b-720f-8be7-f92810dc9552","status":0,"created_at":"2026-01-31T12:00:00.123456Z"}'


async def create_signal(request: Request) -> Response:
    """Answers the same to everyone."""
    await request.body()
    return Response(ANSWER, 201, media_type="application/json")


app = Starlette(routes=[Route("/api/v1/signals", create_signal, methods=["POST"])])
