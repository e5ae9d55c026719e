"""What a refusal looks like, for the published document: it is written as a plain dictionary."""

from typing import Annotated

from pydantic import BaseModel, Field

Code = Annotated[str, Field(description="Decide by it: it never changes its meaning")]
RequestId = Annotated[str, Field(description="The same as in `X-Request-Id`")]


class Fault(BaseModel):
    """One fault of what was sent, in the form that pydantic and FastAPI users know."""

    loc: Annotated[
        list[str | int],
        Field(
            description='`"body"` or `"query"`, then the field or parameter at fault; in a batch `"signals"` and the '
            "place of the signal before it",
            examples=[["body", "side"], ["body", "signals", 3, "side"]],
        ),
    ]
    msg: Annotated[str, Field(description="For people")]
    type: Annotated[str, Field(description="The kind of fault, in pydantic's words", examples=["less_than_equal"])]


class Refused(BaseModel):
    """The request was not accepted."""

    code: Code
    detail: Annotated[str, Field(description="A sentence for people")]
    request_id: RequestId


class RefusedFields(BaseModel):
    """The request can be read but is not valid: every fault at once."""

    code: Code
    detail: Annotated[list[Fault], Field(min_length=1)]
    request_id: RequestId
