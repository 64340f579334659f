"""Traces by OpenTelemetry, from the request through the messages to the insurer's call: an extra, `telemetry`.

Only where OTEL_EXPORTER_OTLP_ENDPOINT says whereto (docs/ops/README.md). What is sent is masked like what is logged.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.psycopg2 import Psycopg2Instrumentor
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from config.masking import clean

LEFT_OUT = ("url.query", "url.full", "http.target", "http.url", "exception.message", "exception.stacktrace")
"""Staff search by name in queries, and what an error says may name a person: a name has no form to mask it by. The path
and the kind of the error are told beside them."""


class MaskedExporter(OTLPSpanExporter):
    """Nothing of a person leaves: neither in an attribute nor in what an error said."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return super().export([masked(span) for span in spans])


def start() -> None:
    """Once a process, before it works. Where to and under which name: the standard variables OTEL_*."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(MaskedExporter()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(request_hook=_with_its_path)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    HTTPXClientInstrumentor().instrument()
    Psycopg2Instrumentor().instrument()


def masked(span: ReadableSpan) -> ReadableSpan:
    """The same span, without personal data and without the text of its status: that is an error's."""
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=_cleaned(span.attributes),
        events=[Event(event.name, _cleaned(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=trace.Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _cleaned(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: clean(value) for name, value in (attributes or {}).items() if name not in LEFT_OUT}


def _with_its_path(span: trace.Span, request: HttpRequest) -> None:
    span.set_attribute("url.path", request.path)
