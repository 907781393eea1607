"""OpenTelemetry spans: one for each event without a trace, each run, each attempt.

Needs the extra `otel` (opentelemetry-api); without an SDK in the process nothing is recorded.
The trace of an event is fixed when it is accepted and stored with it (`traceparent`), so that all
its runs and attempts are in one trace, whichever process makes them and whenever. The id of a run's
span is worked out from the run, and the span is made when the run ends: attempts made before a
restart, and those of a later replay, have the same parent. Spans carry ids, names and statuses; no
url, header, body or answer.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    Tracer,
    TracerProvider,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from fql.observe.events import AttemptEnded, Lifecycle, RunFinished
from fql.observe.traceparent import trace_id_of

MILLISECOND = 1_000_000
"""OpenTelemetry counts nanoseconds."""

logger = logging.getLogger("fql.tracing")
Context = otel_context.Context


class Tracing:
    """Makes the spans of one runtime. `provider` is by default the process's."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = trace.get_tracer("fql", tracer_provider=provider)
        self._propagator = TraceContextTextMapPropagator()
        if provider is None and not _has_sdk():
            logger.warning("tracing is on, but this process has no OpenTelemetry SDK")

    def stamp(self, context: dict[str, str], name: str) -> None:
        """Give an event that is being accepted its place in a trace: the one it brought, else the
        application's current span, else a span of its own, called by its entity and kind."""
        if trace_id_of(context.get("traceparent", "")):
            return
        context.pop("tracestate", None)
        if trace.get_current_span().get_span_context().is_valid:
            self._propagator.inject(context)
            return
        span = self._tracer.start_span(name, kind=SpanKind.PRODUCER)
        self._propagator.inject(context, trace.set_span_in_context(span))
        span.end()

    @contextmanager
    def attempt(
        self,
        parent: Mapping[str, str],
        attributes: Mapping[str, str | int],
        *,
        run_started: int,
        links: Sequence[str] = (),
    ) -> Iterator[AttemptSpan]:
        """The span of one attempt, under that of its run. `parent` is the event's context,
        `links` are the `traceparent`s of further events in a batch."""
        observer, action = attributes["fql.observer"], attributes["fql.action"]
        above = self._extracted(parent)
        if run_started:
            above = _below_run(above, str(attributes["fql.event_id"]), str(attributes["fql.run"]))
        span = self._tracer.start_span(
            f"{observer}.{action}", above, SpanKind.CLIENT, dict(attributes),
            links=[link for text in links for link in self._links(text)],
        )  # fmt: skip
        try:
            yield AttemptSpan(span, self._carried(span, parent))
        finally:
            span.end()

    def __call__(self, event: Lifecycle) -> None:
        """End the span of a run with it. An attempt whose request could not be built ends here as
        well: it never came to an action."""
        if isinstance(event, RunFinished):
            self._end_run_span(event)
        elif isinstance(event, AttemptEnded) and event.failure == "evaluation":
            self._unbuilt(event)

    def _unbuilt(self, event: AttemptEnded) -> None:
        attributes: dict[str, str | int] = {
            "fql.observer": event.observer, "fql.action": event.action, "fql.run": event.run,
            "fql.attempt": event.number, "fql.event_id": event.event_id,
        }  # fmt: skip
        with self.attempt({"traceparent": event.traceparent}, attributes, run_started=0) as span:
            span.ended(None, event.failure)

    def _end_run_span(self, event: RunFinished) -> None:
        """The span of a run, once: a replay goes on below the one that its first end has made."""
        if event.again:
            return
        above = self._extracted({"traceparent": event.traceparent})
        run = trace.get_current_span(_below_run(above, event.event_id, event.run))
        attributes = {"fql.observer": event.observer, "fql.run": event.run}
        with _span_id(self._tracer_now(), run.get_span_context().span_id) as tracer:
            span = tracer.start_span(
                event.observer, above, attributes=attributes,
                start_time=event.started * MILLISECOND,
            )  # fmt: skip
        span.set_attribute("fql.state", event.state)
        span.set_attribute("fql.event_id", event.event_id)
        if event.state not in ("done", "cancelled"):
            span.set_status(StatusCode.ERROR, event.state)
        span.end(event.ended * MILLISECOND)

    def _tracer_now(self) -> Tracer:
        """That of the provider that the process has by now: one set after the start counts."""
        if isinstance(self._tracer, trace.ProxyTracer):
            self._tracer = trace.get_tracer("fql", tracer_provider=self._provider)
        return self._tracer

    def _extracted(self, carried: Mapping[str, str]) -> Context:
        return self._propagator.extract(dict(carried), Context())

    def _links(self, traceparent: str) -> Iterator[Link]:
        above = trace.get_current_span(self._extracted({"traceparent": traceparent}))
        if above.get_span_context().is_valid:
            yield Link(above.get_span_context())

    @property
    def _makes_spans(self) -> bool:
        """False where the interface alone is there: it hands the parent back as the span."""
        return not isinstance(self._tracer_now(), NoOpTracer | trace.ProxyTracer)

    def _carried(self, span: Span, parent: Mapping[str, str]) -> dict[str, str]:
        """What the receiver gets: this span as the parent; without an SDK the event's own."""
        if not span.get_span_context().is_valid or not self._makes_spans:
            return dict(parent)
        carried = {n: v for n, v in parent.items() if n not in ("traceparent", "tracestate")}
        self._propagator.inject(carried, trace.set_span_in_context(span))
        return carried


class AttemptSpan:
    """A span while its attempt is under way; `carried` is the context to send on."""

    def __init__(self, span: Span, carried: dict[str, str]) -> None:
        self._span = span
        self.carried = carried

    def ended(self, status: int | None, failure: str | None) -> None:
        """Note the result: an HTTP status, or the kind of failure."""
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if failure is not None:
            self._span.set_attribute("error.type", failure)
        elif status is None or not 200 <= status < 300:
            self._span.set_attribute("error.type", str(status))
        else:
            return
        self._span.set_status(StatusCode.ERROR, failure or f"status {status}")


def _below_run(above: Context, event_id: str, run: str) -> Context:
    """The context of what a run does. Its span id is a function of the run, so that it is the same
    in every process; without a trace there is none."""
    event = trace.get_current_span(above).get_span_context()
    if not event.is_valid:
        return above
    text = f"{event.trace_id:032x} {event_id} {run}"
    span_id = int.from_bytes(sha256(text.encode()).digest()[:8]) or 1
    inner = SpanContext(event.trace_id, span_id, False, event.trace_flags, event.trace_state)
    return trace.set_span_in_context(NonRecordingSpan(inner), above)


class _Given:
    """An id generator of the SDK that gives one span id, and leaves traces alone."""

    def __init__(self, span_id: int) -> None:
        self._span_id = span_id

    def generate_span_id(self) -> int:
        return self._span_id

    def generate_trace_id(self) -> int:
        return secrets.randbits(128) or 1

    def is_trace_id_random(self) -> bool:
        return True


@contextmanager
def _span_id(tracer: Tracer, span_id: int) -> Iterator[Tracer]:
    """Let the span that is started within have this id. The interface has no way to say so; the
    SDK's tracer, of which we have one of our own, asks its `id_generator`. Another SDK's spans get
    ids of their own, and attempts then name a parent that the trace lacks."""
    before = getattr(tracer, "id_generator", None)
    if before is None or not span_id:
        yield tracer
        return
    tracer.id_generator = _Given(span_id)  # type: ignore[attr-defined]
    try:
        yield tracer
    finally:
        tracer.id_generator = before  # type: ignore[attr-defined]


def _has_sdk() -> bool:
    provider = trace.get_tracer_provider()
    return not isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider)
