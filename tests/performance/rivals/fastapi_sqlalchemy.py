"""Contestant (a): FastAPI, a SQLAlchemy session for each request, commit and refresh, asyncpg."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy import DateTime, SmallInteger, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.performance.rivals.checks import Refused, SignalIn, check_payload_size, new_id, signed_body

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=int(os.environ["DATABASE_POOL_SIZE"]),
    max_overflow=0,
    json_serializer=lambda value: orjson.dumps(value).decode(),
)
new_session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """The declarative base."""


class Signal(Base):
    """The table `signals`."""

    __tablename__ = "signals"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    producer_id: Mapped[str | None]
    instrument: Mapped[str]
    side: Mapped[int] = mapped_column(SmallInteger)
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    version: Mapped[int]
    status: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class SignalOut(BaseModel):
    """The answer."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    status: int
    created_at: datetime


async def session_of_request() -> AsyncIterator[AsyncSession]:
    """A session that lives as long as its request."""
    async with new_session() as session:
        yield session


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Closes the pool at the end."""
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.exception_handler(Refused)
async def refuse(_: Request, refusal: Refused) -> JSONResponse:
    """One shape for every refusal."""
    return JSONResponse({"detail": refusal.detail}, refusal.status)


@app.post("/api/v1/signals", status_code=201, response_model=SignalOut)
async def create_signal(
    fields_in: SignalIn,
    signed: Annotated[tuple[bytes, str], Depends(signed_body)],
    session: Annotated[AsyncSession, Depends(session_of_request)],
) -> Signal:
    """Checks, stores and answers."""
    body, producer_id = signed
    check_payload_size(body, fields_in.payload)
    signal = Signal(producer_id=producer_id, **fields_in.model_dump())
    session.add(signal)
    await session.commit()
    await session.refresh(signal)
    return signal
