"""Contestant (c): plain Starlette, and Tortoise's `create` for each request."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tortoise import fields
from tortoise.contrib.starlette import RegisterTortoise
from tortoise.models import Model

from tests.performance.rivals.checks import Refused, SignalIn, check_payload_size, new_id, signed_body


class Signal(Model):
    """The table `signals`. `auto_now_add` knows created_at without a second query, the faster of the two usual ways."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    producer_id = fields.TextField(null=True)
    instrument = fields.CharField(max_length=20)
    side = fields.SmallIntField()
    time = fields.DatetimeField()
    payload: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    version = fields.IntField()
    status = fields.SmallIntField(default=0)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "signals"


async def create_signal(request: Request) -> Response:
    """Checks, stores and answers."""
    body, producer_id = await signed_body(request)
    try:
        fields_in = SignalIn.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise Refused(400, "body is not JSON") from None
    except ValidationError:
        raise Refused(422, "body is not a signal") from None
    check_payload_size(body, fields_in.payload)
    signal = await Signal.create(producer_id=producer_id, **fields_in.model_dump())
    answer = {"id": signal.id, "status": signal.status, "created_at": signal.created_at}
    return Response(orjson.dumps(answer, option=orjson.OPT_UTC_Z), 201, media_type="application/json")


async def refuse(_: Request, refusal: Exception) -> Response:
    """One shape for every refusal."""
    assert isinstance(refusal, Refused)
    return JSONResponse({"detail": refusal.detail}, refusal.status)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Holds the connection pool."""
    pool = os.environ["DATABASE_POOL_SIZE"]
    url = os.environ["DATABASE_URL"].replace("postgresql://", "asyncpg://")
    async with RegisterTortoise(
        app, db_url=f"{url}&minsize={pool}&maxsize={pool}", modules={"models": [__name__]}, use_tz=True
    ):
        yield


app = Starlette(
    routes=[Route("/api/v1/signals", create_signal, methods=["POST"])],
    exception_handlers={Refused: refuse},
    lifespan=lifespan,
)
