"""What a collector of traces has received, read with the published form of OTLP."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Part:
    """A part of a trace: a span. `parent` is empty when it is nobody's part."""

    name: str
    trace: str
    id: str
    parent: str
    links: frozenset[tuple[str, str]]
    attributes: Mapping[str, Any]
    failed: bool
    began: int
    ended: int
    service: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, str]:
        """By which others link to it."""
        return self.trace, self.id


def parts(bodies: Iterable[bytes]) -> list[Part]:
    """All that was received, in the order in which it ended."""
    requests = map(ExportTraceServiceRequest.FromString, bodies)
    resources = [spans for request in requests for spans in request.resource_spans]
    found = [
        _part(span, _values(each.resource.attributes))
        for each in resources
        for scope in each.scope_spans
        for span in scope.spans
    ]
    return sorted(found, key=lambda part: part.ended)


def _part(span: Span, service: Mapping[str, Any]) -> Part:
    return Part(
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        links=frozenset((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        attributes=_values(span.attributes),
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        service=service,
    )


def _values(attributes: Iterable[KeyValue]) -> Mapping[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value") for each in attributes}
