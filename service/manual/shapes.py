"""The shapes of those answers of several rooms that the service writes as plain dictionaries, for the published
document."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import MISSING, Field

from service.http.shapes import Refused
from service.intake.signal import SignalCreated


class RefusedRate(Refused):
    """The producer sends more than its rate."""

    at_once: Annotated[
        int | MISSING, Field(ge=1, description="How many signals pass at once at most, where a batch had more")
    ] = MISSING


class RefusedProof(Refused):
    """The timestamp or the signature was refused, whatever the body is."""

    server_time: Annotated[datetime, Field(description="What the clock of the service showed")]
    skew_seconds: Annotated[int | MISSING, Field(description="How far `X-Timestamp` is ahead of it")] = MISSING
    hint: Annotated[str | MISSING, Field(description="The known mistake that was made, if there is one")] = MISSING


class RefusedSignature(RefusedProof):
    """The signature does not match: this is the body that arrived."""

    body_bytes: Annotated[int, Field(ge=0, description="How many bytes of body arrived")]
    body_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="The SHA-256 of these bytes, in hex")]


class SignalFound(SignalCreated):
    """The signal that the producer has sent before, which said the same."""

    differs: Annotated[
        Literal[True] | MISSING, Field(description="There when its payload or its version was another")
    ] = MISSING


class RefusedCursor(Refused):
    """The cursor stands behind all that is stored. Go on from one of these."""

    oldest: Annotated[str, Field(description="The cursor before the oldest signal")]
    newest: Annotated[str, Field(description="The cursor after the newest signal")]
