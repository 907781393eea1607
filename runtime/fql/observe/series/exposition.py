"""Sums and gauges as Prometheus reads them. Needs the extra `server` (prometheus-client).

The names of the first five series are a promise (M41 of docs/features.md); docs/how-to/observe.md
lists all.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from fql.observe.series.gauges import CIRCUIT_STATES, EndpointGauges, Gauges
from fql.observe.series.histogram import Histogram
from fql.observe.series.metrics import CAPTURE, Metrics, ObserverSums, status_label

Sample = tuple[tuple[str, ...], float]


class Exposition(Collector):
    """One moment of one runtime, as families of series.

    Many observers make many lines, so this runs on a thread beside the engine: each table is
    copied by `list(...)`, in one step, before it is read.
    """

    def __init__(self, metrics: Metrics, gauges: Gauges, namespace: str) -> None:
        self._metrics = metrics
        self._gauges = gauges
        self._namespace = namespace

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield from self._attempts()
        yield from self._dead_letters()
        yield from self._work()
        yield from self._endpoints()
        yield from self._sources()
        yield from self._store()

    def _attempts(self) -> Iterator[Metric]:
        yield self._counter(
            "webhook", "Attempts.", ("observer",),
            (((name,), sums.attempts) for name, sums in self._observers()),
        )  # fmt: skip
        yield self._histograms()
        yield self._counter(
            "webhook_failures", "Attempts that failed.", ("observer", "reason"),
            (((name, reason), n) for name, sums in self._observers()
             for reason, n in list(sums.failures.items())),
        )  # fmt: skip
        yield self._counter(
            "webhook_retries", "Attempts after the first one.", ("observer",),
            (((name,), sums.retries) for name, sums in self._observers()),
        )  # fmt: skip
        yield self._counter(
            "runs", "Runs that have ended.", ("observer", "state"),
            (((name, state), n) for name, sums in self._observers()
             for state, n in list(sums.runs.items())),
        )  # fmt: skip

    def _observers(self) -> Iterator[tuple[str, ObserverSums]]:
        observers = list(self._metrics.observers.items())
        return ((name or CAPTURE, sums) for name, sums in observers)

    def _histograms(self) -> Metric:
        name = f"{self._namespace}_webhook_duration_seconds"
        family = HistogramMetricFamily(name, "Duration of attempts.", labels=("observer", "status"))
        for observer, sums in self._observers():
            for status, histogram in list(sums.durations.items()):
                labels = (observer, _shown_status(status))
                family.add_metric(labels, histogram.buckets(), histogram.total)
        return family

    def _dead_letters(self) -> Iterator[Metric]:
        sizes = {name: 0 for name, _ in self._observers()}
        sizes |= {name or CAPTURE: n for name, n in self._gauges.dead_letters.items()}
        yield self._gauge(
            "dlq_size", "Dead letters in the store.", ("observer",),
            (((name,), n) for name, n in sizes.items()),
        )  # fmt: skip
        yield self._counter(
            "dead_letters", "Dead letters written.", ("observer", "class"),
            (((name, kind), n) for name, sums in self._observers()
             for kind, n in list(sums.dead.items())),
        )  # fmt: skip
        yield self._counter(
            "dead_letters_evicted", "Dead letters removed for their age or number.", ("observer",),
            (((name,), sums.evicted) for name, sums in self._observers()),
        )  # fmt: skip

    def _work(self) -> Iterator[Metric]:
        gauges = self._gauges
        yield self._counter(
            "events", "Events by source and what became of them.", ("source", "result"),
            (((source, result), n) for source, sums in list(self._metrics.events.items())
             for result, n in list(sums.items())),
        )  # fmt: skip
        yield self._number(
            "oldest_due_age_seconds", "How long the oldest work that could be sent has waited.",
            gauges.oldest_due / 1000,
        )  # fmt: skip
        yield self._gauge(
            "open_work", "Open actions held in memory, by state.", ("state",),
            (((state,), n) for state, n in gauges.work.items()),
        )  # fmt: skip
        yield self._number("open_runs", "Open runs, in memory and in the store.", gauges.open_runs)
        yield self._number("emit_queue", "Events handed in and not committed yet.", gauges.emits)
        yield self._number("inbox", "Entries of other processes not taken yet.", gauges.inbox)
        yield self._gauge(
            "paused", "1 while an endpoint or observer is paused.", ("name",),
            (((name,), 1) for name in sorted(gauges.paused)),
        )  # fmt: skip

    def _endpoints(self) -> Iterator[Metric]:
        endpoints = self._gauges.endpoints
        yield self._gauge(
            "in_flight", "Requests on the wire.", ("endpoint",),
            (((one.name,), one.in_flight) for one in endpoints),
        )  # fmt: skip
        yield self._gauge(
            "endpoint_ready", "Actions that wait for room at their endpoint.", ("endpoint",),
            (((one.name,), one.ready) for one in endpoints),
        )  # fmt: skip
        yield self._gauge(
            "endpoint_slots", "Requests that this engine may have under way, of all engines'.",
            ("endpoint",), (((one.name,), one.slots) for one in endpoints if one.slots is not None),
        )  # fmt: skip
        yield self._counter(
            "limiter_waits", "How often work had to wait for a limit of its endpoint.",
            ("endpoint", "limit"),
            (((one.name, limit), n) for one in endpoints for limit, n in one.waits.items()),
        )  # fmt: skip
        yield self._gauge(
            "circuit_state", "1 for the state that the circuit is in.", ("endpoint", "state"),
            (sample for one in endpoints for sample in _circuit(one)),
        )  # fmt: skip

    def _sources(self) -> Iterator[Metric]:
        sources = self._gauges.sources
        yield self._gauge(
            "source_ok", "0 while something is wrong with a source.", ("source",),
            (((one.name,), one.ok) for one in sources),
        )  # fmt: skip
        yield self._gauge(
            "capture_ok", "0 while changes of a table are not captured.", ("source", "table"),
            (((one.name, table), ok) for one in sources for table, ok in one.captured.items()),
        )  # fmt: skip
        yield self._gauge(
            "source_held", "1 while an open transaction slows reading down.", ("source",),
            (((one.name,), one.held) for one in sources),
        )  # fmt: skip
        yield self._counter(
            "source_restored", "How often a source went back to an older state.", ("source",),
            (((one.name,), one.restored) for one in sources),
        )  # fmt: skip
        yield self._counter(
            "source_failures", "Reads of a source that failed.", ("source",),
            (((one.name,), one.failures) for one in sources),
        )  # fmt: skip
        yield self._gauge(
            "source_lag_seconds", "How long the oldest event not stored yet has waited.",
            ("source",),
            (((one.name,), one.lag / 1000) for one in sources),
        )  # fmt: skip
        yield self._gauge(
            "source_pending", "Messages of a stream that are not acknowledged.", ("source",),
            (((one.name,), one.pending) for one in sources if one.pending is not None),
        )  # fmt: skip
        yield self._counter(
            "source_requests", "Requests of an HTTP source by their answer.", ("source", "status"),
            (((one.name, str(status)), n) for one in sources for status, n in one.answers.items()),
        )  # fmt: skip

    def _store(self) -> Iterator[Metric]:
        gauges, metrics = self._gauges, self._metrics
        yield self._plain_histogram("commit_seconds", "Duration of a commit.", metrics.commits)
        yield self._plain_histogram(
            "commit_group_size", "New events and ended attempts of a commit.", metrics.groups
        )
        yield self._number("store_bytes", "Size of the store.", gauges.store_bytes)
        yield self._number(
            "store_max_bytes", "Size past which finished runs are removed.", gauges.store_max
        )
        yield self._known(
            "disk_free_bytes", "Free bytes of the disk of the store.", gauges.disk_free
        )
        yield self._known(
            "disk_low", "1 while less than a tenth or 1 GB of that disk is free.", gauges.disk_low
        )
        age = None if gauges.backup_age is None else gauges.backup_age / 1000
        yield self._known("backup_age_seconds", "Time since the last backup, if any.", age)
        yield self._number(
            "reload_failed", "1 while the last reload has failed.", int(gauges.reload_failed)
        )
        now = time.time()
        yield self._gauge(
            "secret_expires_seconds", "Time until an action has no secret to sign with.",
            ("observer",), (((name,), end - now) for name, end in metrics.secret_ends.items()),
        )  # fmt: skip
        yield self._counter(
            "store_errors", "Commits that did not succeed.", (), (((), metrics.trouble),)
        )
        yield self._number(
            "engine", "1 in a process that is an engine of its store.", int(gauges.is_engine)
        )
        yield self._number("shards", "Parts of the store's work that are its.", gauges.shards)

    # The families of the client library.

    def _counter(
        self, name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]
    ) -> Metric:
        family = CounterMetricFamily(f"{self._namespace}_{name}", text, labels=labels)
        for values, value in samples:
            family.add_metric(values, value)
        return family

    def _gauge(
        self, name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]
    ) -> Metric:
        family = GaugeMetricFamily(f"{self._namespace}_{name}", text, labels=labels)
        for values, value in samples:
            family.add_metric(values, value)
        return family

    def _number(self, name: str, text: str, value: float) -> Metric:
        return GaugeMetricFamily(f"{self._namespace}_{name}", text, value=value)

    def _known(self, name: str, text: str, value: float | None) -> Metric:
        """Without a sample where the value is not known."""
        return self._gauge(name, text, (), () if value is None else (((), value),))

    def _plain_histogram(self, name: str, text: str, histogram: Histogram) -> Metric:
        return HistogramMetricFamily(
            f"{self._namespace}_{name}", text, histogram.buckets(), histogram.total
        )


def _shown_status(key: int | None) -> str:
    """The label of a histogram's key: a status, or the first digit of unregistered ones."""
    return f"{key}xx" if key is not None and key < 10 else status_label(key)


def _circuit(one: EndpointGauges) -> Iterator[Sample]:
    return (((one.name, state), float(state == one.circuit)) for state in CIRCUIT_STATES)
