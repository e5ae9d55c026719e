"""Traces by OpenTelemetry, sent with OTLP. Imported only where somebody collects them."""

from collections.abc import Sequence
from threading import Thread
from time import time_ns
from typing import Self

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import Link, SpanKind, StatusCode, Tracer, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Message, Scope

from service import __version__
from service.http.headers import values
from service.http.request_context import METHODS
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.tracing import Trace
from service.settings import Settings

_W3C = TraceContextTextMapPropagator()
"""https://www.w3.org/TR/trace-context/"""

_CARRIED = ("traceparent", "tracestate")


class _Exporter(OTLPSpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = super().export(spans)
        if result is SpanExportResult.SUCCESS:
            metrics.spans_sent.inc(len(spans))
        return result


class _Processor(BatchSpanProcessor):
    """Sends from a thread of its own, and drops what has no room there."""

    def on_end(self, span: ReadableSpan) -> None:
        metrics.spans_ended.inc()
        super().on_end(span)


class Traces:
    """Makes traces, and sends them. OTEL_TRACES_SAMPLER says which are recorded: by default all but those of which a
    proven sender says otherwise."""

    def __init__(self, provider: TracerProvider, limits: Limits) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("signals", __version__)
        self._drain_seconds = limits.telemetry_drain_seconds

    @classmethod
    def sent(cls, settings: Settings, limits: Limits) -> Self:
        """Those that are sent to the collector that the environment names, as the service that it names."""
        build = {"service.version": __version__, "deployment.environment.name": settings.app_env}
        resource = Resource({"service.name": "signals", **build}).merge(OTELResourceDetector().detect())
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(_Processor(_Exporter()))
        return cls(provider, limits)

    def begin(self, scope: Scope) -> "_RequestTrace":
        """The trace of a request that has just come."""
        return _RequestTrace(self._tracer, scope)

    def attempted(self, traces: Sequence[Trace], seconds: float, error: Exception | None) -> None:
        """One part for the commit, in the trace of the first request, which names all others; and in each of these the
        wait for it."""
        recorded = [each for each in traces if isinstance(each, _RequestTrace) and each.recorded]
        if not recorded:
            return
        ended = time_ns()
        began = ended - int(seconds * 1e9)
        attributes: dict[str, str | int] = {"db.system.name": "postgresql", "db.operation.batch.size": len(traces)}
        if error is not None:
            attributes["error.type"] = type(error).__name__
        links = [each.link for each in recorded]
        span = self._tracer.start_span(
            "commit", recorded[0].context, SpanKind.CLIENT, attributes, links=links, start_time=began
        )
        if error is not None:
            span.set_status(StatusCode.ERROR)
        span.end(ended)
        for each in recorded:
            each.waited(began, ended, Link(span.get_span_context()))

    def close(self) -> None:
        """Send what is left, as far as the collector takes it in time."""
        closing = Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(self._drain_seconds)


class _RequestTrace:
    """The trace of one request."""

    def __init__(self, tracer: Tracer, scope: Scope) -> None:
        self._tracer = tracer
        self._scope = scope
        self._method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        self._began = time_ns()
        self._proving_since = self._waiting_since = self._began
        self._status: int | None = None
        self._start(Context())

    def _start(self, parent: Context) -> None:
        self._span = self._tracer.start_span(
            self._method, parent, SpanKind.SERVER, {"http.request.method": self._method}, start_time=self._began
        )
        self.context = set_span_in_context(self._span, Context())
        self.id = format(self._span.get_span_context().trace_id, "032x")

    @property
    def recorded(self) -> bool:
        """Whether anybody will see it."""
        return self._span.is_recording()

    @property
    def link(self) -> Link:
        """What others name it by."""
        return Link(self._span.get_span_context())

    def prove(self) -> None:
        """From now on it is looked who asks."""
        self._proving_since = time_ns()

    def proven(self) -> None:
        """Begin again, as a part of the trace that the headers name, if they do: what was begun is never sent."""
        given = {name: [value.decode("latin-1") for value in values(self._scope, name.encode())] for name in _CARRIED}
        parent = _W3C.extract(given, Context())
        if len(given["traceparent"]) == 1 and get_current_span(parent).get_span_context().is_valid:
            self._start(parent)
        self.part("proof", self._proving_since)

    def part(self, name: str, since: int) -> None:
        """A part has ended that began then, in nanoseconds of Unix time."""
        self._tracer.start_span(name, self.context, start_time=since).end()

    def wait(self) -> None:
        """From now on the request waits for a commit."""
        self._waiting_since = time_ns()

    def waited(self, until: int, next_since: int, commit: Link) -> None:
        """It has waited for that commit until it began, and waits again when that has failed."""
        self._tracer.start_span("queue", self.context, links=[commit], start_time=self._waiting_since).end(until)
        self._waiting_since = next_since

    def answer(self, message: Message) -> None:
        """Note the answer, and let it tell where it is found."""
        self._status = message["status"]
        told: dict[str, str] = {}
        _W3C.inject(told, self.context)
        message["headers"] = [*message["headers"], (b"traceparent", told["traceparent"].encode())]
        self._span.set_attribute("signals.request_id", dict(message["headers"])[b"x-request-id"].decode())

    def end(self) -> None:
        """Name it by the route that was taken. Without a status, the client went away before its answer."""
        route = getattr(self._scope.get("route"), "path", None)
        if route is not None:
            self._span.update_name(f"{self._method} {route}")
            self._span.set_attribute("http.route", route)
        if self._status is not None:
            self._span.set_attribute("http.response.status_code", self._status)
        if self._status is None or self._status >= 500:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
