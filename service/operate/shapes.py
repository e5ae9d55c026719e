"""What those are answered who run the service, as the published document describes it."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"]
    uptime_seconds: Annotated[int, Field(ge=0)]


class Dependencies(BaseModel):
    """What the service needs, and how it is."""

    db: Annotated[str, Field(description="`connected`, or why the database cannot be used", examples=["connected"])]


class Readiness(BaseModel):
    """Whether a signal sent now would be stored, and if not, why."""

    ready: bool
    dependencies: Dependencies


class Version(BaseModel):
    """Which build of the service this is."""

    name: Literal["signals"]
    version: Annotated[str, Field(examples=["1.0.0"])]
    build: str
    env: Literal["development", "staging", "production"]
