"""The schemas of the published document, as pydantic has them."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from service.batch import shapes as batch
from service.http import shapes as refusals
from service.intake.signal import SignalCreate, SignalCreated
from service.lifecycle.decision import StatusChange
from service.manual import shapes
from service.manual.answers import Json
from service.operate import shapes as operate
from service.reading import shapes as reading

_ASKED = (SignalCreate, batch.BatchCreate, StatusChange)
"""What is sent, with fields that are not known."""


class _Plain(GenerateJsonSchema):
    """pydantic's schemas without the titles that only repeat the names."""

    def field_title_should_be_set(self, *_: Any) -> bool:
        return False


def schemas() -> Json:
    """The schemas of bodies and answers, by name."""
    answers = [
        SignalCreated,
        shapes.SignalFound,
        batch.BatchStored,
        refusals.Refused,
        shapes.RefusedRate,
        batch.RefusedBatch,
        refusals.RefusedFields,
        shapes.RefusedProof,
        shapes.RefusedSignature,
        shapes.RefusedCursor,
        reading.Signal,
        reading.SignalWithHistory,
        reading.FeedPage,
        reading.InstrumentsPage,
        reading.Overview,
        operate.Health,
        operate.Readiness,
        operate.Version,
    ]
    models: list[tuple[Any, JsonSchemaMode]] = [(model, "serialization") for model in answers]
    _, definitions = models_json_schema(
        [*((model, "validation") for model in _ASKED), *models],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Plain,
    )
    found: Json = definitions["$defs"]
    for name in found.keys() - {model.__name__ for model in _ASKED}:
        found[name]["additionalProperties"] = False
    return found
