"""Tortoise's models for programs that are no service: commands, which do one thing and end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise.context import TortoiseContext

from service.kernel.limits import Limits
from service.postgres.connector import service_connector
from service.postgres.schema import orm_config


@asynccontextmanager
async def orm(url: str) -> AsyncIterator[None]:
    """Let the models work in this task, on the database at `url`, while the context lasts. Raises NoConnection."""
    async with TortoiseContext() as context:
        await context.init(orm_config(service_connector(url, Limits())))
        yield
