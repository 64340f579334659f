"""What is sent as a trace is masked like what is logged."""

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from config import telemetry

SECRET = "110101199001010013"


def of_a_failure() -> ReadableSpan:
    """A span of a request that ended in an error which speaks of a person."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    try:
        with provider.get_tracer("x").start_as_current_span("GET", attributes={"url.query": "q=张三", "n": SECRET}):
            raise ValueError(f"no {SECRET}")
    except ValueError:
        return kept.get_finished_spans()[0]


def test_neither_an_attribute_nor_an_error_nor_the_query_leaves_with_a_person() -> None:
    span = telemetry.masked(of_a_failure())
    assert SECRET not in span.to_json() and "张三" not in span.to_json()
    assert (span.name, span.attributes) == ("GET", {"n": "[masked]"})
    assert [event.name for event in span.events] == ["exception"] and not span.status.is_ok


def test_without_the_mask_it_would() -> None:
    """Negative control."""
    assert SECRET in of_a_failure().to_json() and "url.query" in of_a_failure().to_json()
