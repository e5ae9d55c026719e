"""What is sent and answered as a batch, as the published document describes it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, Field

from service.http.shapes import Code, Fault, Refused
from service.intake.signal import SignalCreate
from service.kernel.limits import Limits


class BatchCreate(BaseModel):
    """Many signals. Unknown members are ignored, but for those of a signal."""

    signals: Annotated[list[SignalCreate], Field(min_length=1, max_length=Limits().batch_items)]
    atomic: Annotated[bool, Field(description="Whether one fault refuses all")] = False


class ItemStored(BaseModel):
    """The signal at this place is stored."""

    status: Literal[201]
    id: UUID
    created_at: datetime


class ItemFound(BaseModel):
    """The signal at this place was sent before."""

    status: Literal[200]
    id: UUID
    created_at: datetime
    duplicate_of: Annotated[UUID, Field(description="The same as `id`")]
    differs: Annotated[
        Literal[True] | MISSING, Field(description="There when its payload or its version was another")
    ] = MISSING


class ItemRefused(BaseModel):
    """The signal at this place is refused, with status, code and detail that it would have alone."""

    status: Annotated[int, Field(ge=400, le=599)]
    code: Code
    detail: str | list[Fault]
    duplicate_of: Annotated[UUID | MISSING, Field(description="The signal that was sent before")] = MISSING


class BatchStored(BaseModel):
    """What became of each signal, in their order."""

    results: Annotated[list[ItemStored | ItemFound | ItemRefused], Field(min_length=1)]


class RefusedBatch(Refused):
    """Every signal of the batch was refused."""

    results: Annotated[list[ItemRefused], Field(min_length=1)]
