"""What `[observability]` switches on, joined: metrics on a port, health pages, tracing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from fql.errors import not_installed
from fql.exact.writing import write_json
from fql.observe.events import Listener
from fql.observe.http import Handler, Page, PageServer
from fql.observe.logs import logger
from fql.observe.series.gauges import Gauges
from fql.observe.series.metrics import Metrics
from fql.plan.model import Plan
from fql.plan.signing_ends import signing_ends
from fql.settings.model import Observability, Prometheus

if TYPE_CHECKING:
    from fql.observe.tracing import Tracing


class Subject(Protocol):
    """What is watched: engine and store."""

    async def gauges(self) -> Gauges:
        """How they are now."""
        ...

    def trouble(self) -> str:
        """Why the work does not go on, or nothing."""
        ...

    def unready(self) -> str:
        """Why no events are taken now, or nothing."""
        ...


class Watch:
    """Serves and traces nothing where nothing is switched on. Raises SettingsError for a missing
    extra."""

    def __init__(self, settings: Observability, subject: Subject) -> None:
        self._subject = subject
        self._server: PageServer | None = None
        self._metrics = Metrics()
        self._prometheus: Prometheus | None = None
        self.tracing: Tracing | None = None
        if settings.prometheus is not None and settings.prometheus.enabled:
            require_prometheus()
            self._prometheus = settings.prometheus
        if settings.tracing is not None and settings.tracing.enabled:
            self.tracing = _tracing()

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Who wants to hear what the engine tells."""
        counted: tuple[Listener, ...] = () if self._prometheus is None else (self._metrics,)
        return counted if self.tracing is None else (*counted, self.tracing)

    @property
    def port(self) -> int:
        """Where metrics are served; 0 where they are not."""
        return 0 if self._server is None else self._server.port

    def expect(self, plan: Plan, sources: tuple[str, ...] = ()) -> None:
        """Show the observers of a plan, and sources, before anything happens to them."""
        self._metrics.expect([observer.name for observer in plan.observers], sources)
        if self._prometheus is not None:
            self._metrics.secret_ends = signing_ends(plan, time.time())

    def in_trace(self, envelope: Mapping[str, object]) -> Mapping[str, object]:
        """An envelope that another process will accept, with its place in a trace."""
        context = envelope.get("context") or {}
        if self.tracing is None or not isinstance(context, Mapping):
            return envelope
        stamped = dict(context)
        self.tracing.stamp(stamped, f"{envelope.get('entity')}.{envelope.get('event')}")
        return {**envelope, "context": stamped}

    async def start(self) -> None:
        """Listen, if metrics are wanted. Raises SettingsError for an address that is taken."""
        if self._prometheus is None:
            return
        pages = {
            "/metrics": self._metrics_page(self._prometheus.namespace),
            "/health": self._health_page,
            "/ready": self._ready_page,
        }
        self._server = PageServer(self._prometheus.host, self._prometheus.port, pages)
        await self._server.start()
        fields = {"event": "MetricsServed", "port": self.port}
        logger.info("metrics on port %d at /metrics", self.port, extra={"fql": fields})

    async def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            await self._server.stop()

    def _metrics_page(self, namespace: str) -> Handler:
        from fql.observe.scrapes import Scrapes
        from fql.observe.series.exposition import Exposition

        async def read() -> Exposition:
            return Exposition(self._metrics, await self._subject.gauges(), namespace)

        scrapes = Scrapes(read)
        return lambda headers: scrapes.page(headers.get("accept", ""))

    async def _health_page(self, _: Mapping[str, str]) -> Page:
        return _state("healthy", self._subject.trouble())

    async def _ready_page(self, _: Mapping[str, str]) -> Page:
        return _state("ready", self._subject.trouble() or self._subject.unready())


def _state(name: str, reason: str) -> Page:
    content: dict[str, object] = {name: not reason}
    if reason:
        content["reason"] = reason
    return Page(write_json(content) + b"\n", "application/json", 503 if reason else 200)


def require_prometheus() -> None:
    """Raises SettingsError where the extra `server` is not installed."""
    try:
        import prometheus_client  # noqa: F401
    except ImportError as missing:
        about = "[observability.prometheus]"
        raise not_installed(about, "prometheus-client", "server") from missing


def _tracing() -> Tracing:
    try:
        from fql.observe.tracing import Tracing
    except ImportError as missing:
        about = "[observability.tracing]"
        raise not_installed(about, "opentelemetry-api", "otel") from missing
    return Tracing()
