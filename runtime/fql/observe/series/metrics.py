"""What is counted: a listener that turns lifecycle events into sums. No library, no lock.

The sums are changed on the engine's event loop and written down for Prometheus on a thread
(`fql.observe.series.exposition`), which copies each table in one step before it reads it. Every
set of labels is bounded: observers and sources come from the plan and the settings, statuses and
kinds of failure from closed lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from fql.observe.events import (
    AttemptEnded,
    CycleCommitted,
    DeadLetterEvicted,
    DeadLetterWritten,
    EventsTaken,
    Lifecycle,
    RunFinished,
    StoreTrouble,
)
from fql.observe.series.histogram import Histogram

DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bounds of attempts, in seconds."""
COMMITS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Bounds of commits, in seconds."""
GROUPS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
"""Bounds of what one commit holds: new events and ended attempts."""
COMMON_REASONS = ("connect", "timeout", "reset", "500", "502", "503", "504", "429", "404", "400")
MOST_PREPARED = 2_000
"""Series of failures that are shown as 0 before the first failure, at most."""
CAPTURE = "(capture)"
"""The observer of dead letters that have none: changes that did not fit, or were not taken in."""
NO_ANSWER = "error"
"""The status of an attempt without a usable status line."""

_KNOWN = {int(status): str(int(status)) for status in HTTPStatus}


def status_label(status: int | None) -> str:
    """A registered status as it is, any other by its class, so that no receiver can invent many."""
    if status is None:
        return NO_ANSWER
    return _KNOWN.get(status) or f"{status // 100}xx"


class ObserverSums:
    """The sums of one observer; with `reasons` the usual series are there from the start."""

    __slots__ = ("attempts", "dead", "durations", "evicted", "failures", "retries", "runs")

    def __init__(self, reasons: Iterable[str] = ()) -> None:
        self.attempts = 0
        self.retries = 0
        self.failures: Counter[str] = Counter(dict.fromkeys(reasons, 0))
        self.durations: dict[int | None, Histogram] = {}
        if self.failures:
            self.durations[200] = Histogram(DURATIONS)
        self.runs: Counter[str] = Counter(done=0, dead=0)
        self.dead: Counter[str] = Counter(exhausted=0, permanent=0)
        self.evicted = 0

    def attempt(self, ended: AttemptEnded) -> None:
        """Count one try. The histogram is found by the bare status, its label is made later."""
        self.attempts += 1
        if ended.number > 1:
            self.retries += 1
        status = ended.status
        if ended.failed:
            self.failures[ended.failure or status_label(status)] += 1
        found = self.durations.get(status)
        if found is None:
            found = self._histogram(status)
        found.add(ended.duration_ms / 1000)

    def _histogram(self, status: int | None) -> Histogram:
        known = status if status is None or status in _KNOWN else status // 100
        found = self.durations.get(known)
        if found is None:
            found = self.durations[known] = Histogram(DURATIONS)
        return found


class Metrics:
    """Listens to the engine. Sums are by observer; those of the plan are there from the start, so
    that a rate sees their first change."""

    def __init__(self) -> None:
        self.observers: dict[str, ObserverSums] = {}
        self.events: dict[str, Counter[str]] = {}
        self.commits = Histogram(COMMITS)
        self.groups = Histogram(GROUPS)
        self.trouble = 0
        self.secret_ends: Mapping[str, float] = {}

    def expect(self, observers: Iterable[str], sources: Iterable[str] = ()) -> None:
        """Show these observers and sources with zeros until something happens."""
        names = [name for name in observers if name not in self.observers]
        few = len(names) * len(COMMON_REASONS) <= MOST_PREPARED
        for name in names:
            self.observers[name] = ObserverSums(COMMON_REASONS if few else ())
        for source in sources:
            self._source(source)

    def __call__(self, event: Lifecycle) -> None:
        """Count one lifecycle event."""
        if isinstance(event, AttemptEnded):
            self._observer(event.observer).attempt(event)
        elif isinstance(event, CycleCommitted):
            self.commits.add(event.duration_ms / 1000)
            self.groups.add(event.events + event.attempts)
        elif isinstance(event, RunFinished):
            self._observer(event.observer).runs[event.state] += 1
        else:
            self._rare(event)

    def _rare(self, event: Lifecycle) -> None:
        if isinstance(event, EventsTaken):
            sums = self._source(event.source)
            sums["accepted"] += event.accepted
            sums["duplicate"] += event.duplicate
            sums["refused"] += event.refused
            sums["unknown"] += event.unknown
        elif isinstance(event, DeadLetterWritten):
            self._observer(event.observer).dead[event.error_class] += 1
        elif isinstance(event, DeadLetterEvicted):
            self._observer(event.observer).evicted += 1
        elif isinstance(event, StoreTrouble):
            self.trouble += 1

    def _observer(self, name: str) -> ObserverSums:
        found = self.observers.get(name)
        if found is None:
            found = self.observers[name] = ObserverSums()
        return found

    def _source(self, name: str) -> Counter[str]:
        found = self.events.get(name)
        if found is None:
            found = self.events[name] = Counter(accepted=0, duplicate=0, refused=0, unknown=0)
        return found
