"""Spans as an OpenTelemetry SDK exports them, and `traceparent` as the receiver gets it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NoOpTracerProvider, SpanKind, StatusCode

from fql.blocking import Runtime as BlockingRuntime
from fql.observe.events import RunFinished
from fql.observe.traceparent import trace_id_of
from fql.observe.tracing import Tracing
from fql.testing import MockWebhookServer, Reply
from tests.observe.support import SOURCE, order, plan_of, runtime, settings_of, sqlite

TRACING = "[observability.tracing]\n"
GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@functools.cache
def _process_wide() -> InMemorySpanExporter:
    """A process has one provider, and it can be set once."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    """What the SDK of this process exports."""
    exporter = _process_wide()
    exporter.clear()
    yield exporter
    exporter.clear()


def spans_of(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == name]


def hexed(span: ReadableSpan) -> tuple[str, str]:
    """Trace id and span id as they stand in a header."""
    assert span.context is not None
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


def parent_of(span: ReadableSpan) -> str:
    return "" if span.parent is None else f"{span.parent.span_id:016x}"


async def test_event_run_and_attempts_are_one_trace(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    """event > run > attempts; each request carries the span of its own attempt."""
    webhook_server.reply(503, 200, 200)
    async with runtime(webhook_server, settings=TRACING) as running:
        await running.emit("Order.update", old=order(1), new=order(1, status="x"), id="evt-1")
        await running.until_idle(30)
    (event,) = spans_of(exported, "Order.update")
    (run,) = spans_of(exported, "changed")
    attempts = [*spans_of(exported, "changed.first"), *spans_of(exported, "changed.second")]
    trace_id, event_span = hexed(event)

    assert event.kind is SpanKind.PRODUCER
    assert parent_of(run) == event_span
    assert [parent_of(one) for one in attempts] == [hexed(run)[1]] * 3
    assert {hexed(span)[0] for span in (event, run, *attempts)} == {trace_id}
    sent = [request.headers["traceparent"] for request in webhook_server.requests]
    assert [text[:52] for text in sent] == [f"00-{trace_id}-{hexed(one)[1]}" for one in attempts]


async def test_attributes_and_status_of_spans(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    webhook_server.reply(503, Reply(fault="garbage"), 404)
    async with runtime(webhook_server, settings=TRACING) as running:
        await running.emit("Order.insert", new=order(1), id="evt-1")
        await running.until_idle(30)
    first, second, third = spans_of(exported, "placed.tell")
    (run,) = spans_of(exported, "placed")
    assert first.kind is SpanKind.CLIENT
    assert dict(first.attributes or {}) == {
        "fql.observer": "placed", "fql.action": "tell", "fql.event_id": "evt-1",
        "fql.run": (run.attributes or {})["fql.run"], "fql.attempt": 1,
        "fql.key": webhook_server.requests[0].key, "http.request.method": "POST",
        "http.response.status_code": 503, "error.type": "503",
    }  # fmt: skip
    assert (second.attributes or {})["error.type"] == "protocol"
    assert (third.attributes or {})["fql.attempt"] == 3
    for span in (first, second, third, run):
        assert span.status.status_code is StatusCode.ERROR
    assert (run.attributes or {})["fql.state"] == "dead"
    assert run.start_time is not None
    assert first.start_time is not None
    assert run.start_time <= first.start_time + 5_000_000  # the engine's clock has milliseconds


async def test_trace_that_the_event_brings_is_taken_over(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    context = {"traceparent": GIVEN, "tracestate": "shop=1", "tenant": "t"}
    async with runtime(webhook_server, settings=TRACING) as running:
        await running.emit("Order.insert", new=order(1), context=context)
        await running.until_idle(30)
    (run,) = spans_of(exported, "placed")
    (attempt,) = spans_of(exported, "placed.tell")
    headers = webhook_server.requests[0].headers
    assert not spans_of(exported, "Order.insert")
    assert parent_of(run) == "b7ad6b7169203331"
    assert headers["traceparent"] == f"00-{trace_id_of(GIVEN)}-{hexed(attempt)[1]}-01"
    assert headers["tracestate"] == "shop=1"


async def test_span_of_the_application_is_the_parent(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    """`emit` inside a span of the application belongs to its trace."""
    tracer = trace.get_tracer("application")
    async with runtime(webhook_server, settings=TRACING) as running:
        with tracer.start_as_current_span("checkout") as checkout:
            await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
    (run,) = spans_of(exported, "placed")
    assert parent_of(run) == f"{checkout.get_span_context().span_id:016x}"


async def test_event_that_a_client_hands_over_keeps_the_trace(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter, tmp_path: Path
) -> None:
    """The span of the application in one process is the parent of the run in another."""
    url = sqlite(tmp_path)
    async with (
        runtime(webhook_server, settings=TRACING, store=url) as engine,
        runtime(webhook_server, settings=TRACING, store=url) as client,
    ):
        with trace.get_tracer("application").start_as_current_span("checkout") as checkout:
            await client.emit("Order.insert", new=order(1))
        await webhook_server.arrived(1)
        await engine.until_idle(30)
    (run,) = spans_of(exported, "placed")
    assert parent_of(run) == f"{checkout.get_span_context().span_id:016x}"


def test_blocking_runtime_takes_the_span_of_the_calling_thread(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    with BlockingRuntime(
        plan_of(), store="memory:", settings=settings_of(TRACING),
        environment={"RECEIVER": webhook_server.url},
    ) as running:  # fmt: skip
        with trace.get_tracer("application").start_as_current_span("checkout") as checkout:
            running.emit("Order.insert", new=order(1))
        running.until_idle(30)
        assert running.metrics_port == 0
    (run,) = spans_of(exported, "placed")
    assert parent_of(run) == f"{checkout.get_span_context().span_id:016x}"


async def test_malformed_traceparent_is_replaced(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    context = {"traceparent": "00-" + "0" * 32 + "-b7ad6b7169203331-01", "tracestate": "x=1"}
    async with runtime(webhook_server, settings=TRACING) as running:
        await running.emit("Order.insert", new=order(1), context=context)
        await running.until_idle(30)
    (event,) = spans_of(exported, "Order.insert")
    headers = webhook_server.requests[0].headers
    assert trace_id_of(headers["traceparent"]) == hexed(event)[0]
    assert "tracestate" not in headers


async def test_trace_survives_a_restart(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter, tmp_path: Path
) -> None:
    """The second process sends in the trace that the first one stored with the event."""
    text = SOURCE.replace("initial_delay: 20ms", "initial_delay: 500ms")
    webhook_server.reply(503)
    for _ in range(2):
        async with runtime(
            webhook_server, text=text, settings=TRACING, store=sqlite(tmp_path)
        ) as running:
            if not webhook_server.called:
                await running.emit("Order.insert", new=order(1))
                await webhook_server.arrived(1)
            else:
                await running.until_idle(30)
    sent = [trace_id_of(request.headers["traceparent"]) for request in webhook_server.requests]
    assert len(sent) == 2
    assert len(set(sent)) == 1
    (run,) = spans_of(exported, "placed")
    attempts = spans_of(exported, "placed.tell")
    assert [parent_of(one) for one in attempts] == [hexed(run)[1]] * 2


async def test_a_replay_goes_on_below_the_span_of_its_run(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    webhook_server.reply(404)
    async with runtime(webhook_server, settings=TRACING) as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
        assert len(await running.replay(filter={"observer": "placed"})) == 1
        await running.until_idle(30)
    (run,) = spans_of(exported, "placed")
    attempts = spans_of(exported, "placed.tell")
    assert [parent_of(one) for one in attempts] == [hexed(run)[1]] * 2


async def test_batch_links_to_the_traces_of_its_members(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    text = (
        SOURCE
        + """
observer many {
  on: Order.delete
  webhook list {
    endpoint: shop  path: "/many"  batch: { size: 3, timeout: 20s }  body: { all: each { id } }
  }
}
"""
    )
    async with runtime(webhook_server, text=text, settings=TRACING) as running:
        await asyncio.gather(*(running.emit("Order.delete", old=order(n)) for n in range(3)))
        await running.until_idle(30)
    (batch,) = spans_of(exported, "many.list")
    events = {hexed(span)[0] for span in spans_of(exported, "Order.delete")}
    linked = {f"{link.context.trace_id:032x}" for link in batch.links}
    assert len(spans_of(exported, "many")) == 3
    assert linked | {hexed(batch)[0]} == events


async def test_request_that_cannot_be_built_has_a_span(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    text = SOURCE.replace('path: "/orders"', 'path: "/orders"  headers: { "X-S": "{{ status }}" }')
    async with runtime(webhook_server, text=text, settings=TRACING) as running:
        await running.emit("Order.insert", new=order(1, status="a\nb"))
        await running.until_idle(30)
    assert not webhook_server.called
    (attempt,) = spans_of(exported, "placed.tell")
    assert (attempt.attributes or {})["error.type"] == "evaluation"


async def test_nothing_of_urls_bodies_and_secrets_is_in_a_span(
    webhook_server: MockWebhookServer, exported: InMemorySpanExporter
) -> None:
    text = SOURCE.replace(
        'path: "/orders"',
        'path: "/orders?token=${CANARY}" headers: { "X-Key": "${CANARY}" }',
    )
    webhook_server.always(Reply(status=404, body="canary-answer"))
    async with runtime(
        webhook_server, text=text, settings=TRACING, environment={"CANARY": "canary-secret"}
    ) as running:
        await running.emit("Order.insert", new=order("canary-row", status="canary-status"))
        await running.until_idle(30)
    assert webhook_server.called
    exportable = "".join(span.to_json() for span in exported.get_finished_spans())
    assert "placed.tell" in exportable
    assert "canary" not in exportable


async def test_without_an_sdk_the_trace_of_the_event_is_passed_on() -> None:
    """The api alone records nothing; what came with the event still reaches the receiver."""
    tracing = Tracing(NoOpTracerProvider())
    context = {"traceparent": GIVEN}
    names: dict[str, str | int] = {
        "fql.observer": "o", "fql.action": "a", "fql.run": "run_1", "fql.event_id": "evt",
    }  # fmt: skip
    with tracing.attempt(context, names, run_started=1) as span:
        assert span.carried == context
    fresh: dict[str, str] = {}
    tracing.stamp(fresh, "Order.insert")
    tracing(RunFinished("o", "run_1", "done", "evt", 1, 2))
    assert fresh == {}


@pytest.mark.parametrize(
    ("text", "trace_id"),
    [
        (GIVEN, "0af7651916cd43dd8448eb211c80319c"),
        (GIVEN.replace("00-", "cc-", 1), "0af7651916cd43dd8448eb211c80319c"),
        (GIVEN.replace("00-", "ff-", 1), ""),
        (GIVEN.upper(), ""),
        (GIVEN + "\n", ""),
        ("00-" + "0" * 32 + "-b7ad6b7169203331-01", ""),
        ("00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01", ""),
        ("", ""),
    ],
)
def test_trace_id_of_a_header(text: str, trace_id: str) -> None:
    assert trace_id_of(text) == trace_id
