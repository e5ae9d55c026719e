"""What somebody wants to be done with a signal."""

import re
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from service.http import strict_json
from service.http.errors import NotFound, ValidationFailed
from service.kernel.errors import FieldFault
from service.lifecycle.errors import NotPermitted

NEW, QUEUED, CLOSED = 0, 1, 2

STEPS = {(NEW, QUEUED), (NEW, CLOSED), (QUEUED, CLOSED)}
"""From which status to which one a signal may go."""

WITHDRAWN = "withdrawn"
"""The reason of a producer that closes a signal of its own."""

REASON_MAX = 500

_ID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_EXPECTED = {
    "status": "Input should be the number 1 for queued or 2 for closed",
    "reason": f"Input should be a string of 1 to {REASON_MAX} characters",
}


class StatusChange(BaseModel):
    """What a signal is to become. To close it takes a reason. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    status: Annotated[int, Field(ge=QUEUED, le=CLOSED, description="1 queued, which approves it; 2 closed")]
    reason: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=REASON_MAX)] | None,
        Field(description="Why, for people; needed to close a signal"),
    ] = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A status that a signal is to have, why, and by the word of a reader or of its producer."""

    status: int
    reason: str | None
    by: str


def parse_id(text: str) -> UUID:
    """The id of a signal in a path. Raises NotFound: what is no id is the id of none."""
    if _ID.fullmatch(text) is None:
        raise NotFound
    return UUID(text)


def of_reader(body: bytes, by: str) -> Decision:
    """What a reader decides. Raises InvalidJson, DuplicateKey and ValidationFailed."""
    value = strict_json.parse(body)
    if not isinstance(value, dict):
        raise ValidationFailed([_fault(None, "Input should be a JSON object", "dict_type")])
    try:
        change = StatusChange.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_input=False, include_context=False, include_url=False)
        raise ValidationFailed(
            [_fault(name := str(each["loc"][0]), _EXPECTED[name], each["type"]) for each in details]
        ) from None
    if change.reason is None and change.status == CLOSED:
        raise ValidationFailed([_fault("reason", "Field required to close a signal", "missing")])
    if change.reason is not None and "\0" in change.reason:
        raise ValidationFailed([_fault("reason", "Input must not contain the character U+0000", "value_error")])
    return Decision(change.status, change.reason, by)


def of_producer(body: bytes, signal: str, by: str) -> Decision:
    """What a producer may decide about a signal of its own: that it is withdrawn. The signed body names the signal, so
    that it is of no use for another one. Raises InvalidJson, DuplicateKey, and NotPermitted for any other decision."""
    value: Any = strict_json.parse(body)
    if not isinstance(value, dict) or type(value.get("status")) is not int:
        raise NotPermitted
    named = value.get("id")
    if (value["status"], value.get("reason")) != (CLOSED, WITHDRAWN) or not isinstance(named, str):
        raise NotPermitted
    if named.lower() != signal.lower():
        raise NotPermitted
    return Decision(CLOSED, WITHDRAWN, by)


def _fault(field: str | None, message: str, kind: str) -> FieldFault:
    return {"loc": ["body"] if field is None else ["body", field], "msg": message, "type": kind}
