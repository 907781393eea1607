"""Lifecycle events as log records of the standard library, with their ids as fields.

Ids, names, numbers and states only: no url, header, body or answer, and no reason that may quote
what a receiver answered or what a row holds. `fqlc dlq show` and `fqlc trace` have them. Why a
receiver was not reached is told with its host: these are words of ours, with secrets masked. An
endpoint without a name of its own is shown by its origin, without values of the environment.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict

from fql.observe.events import (
    AttemptEnded,
    ClockStepped,
    CycleCommitted,
    DeadLetterClosed,
    DeadLetterEvicted,
    DeadLetterWritten,
    EngineStarted,
    EngineStopped,
    EventsTaken,
    Lifecycle,
    OwnShortage,
    PlanSwitched,
    RunFinished,
    ShardsMoved,
    StoreTrouble,
)
from fql.observe.traceparent import trace_id_of

logger = logging.getLogger("fql.engine")

LEVELS: dict[type[Lifecycle], int] = {
    EngineStarted: logging.INFO,
    EngineStopped: logging.INFO,
    EventsTaken: logging.DEBUG,
    AttemptEnded: logging.DEBUG,
    RunFinished: logging.DEBUG,
    DeadLetterWritten: logging.WARNING,
    DeadLetterClosed: logging.INFO,
    DeadLetterEvicted: logging.WARNING,
    CycleCommitted: logging.DEBUG,
    PlanSwitched: logging.INFO,
    ShardsMoved: logging.INFO,
    StoreTrouble: logging.ERROR,
    OwnShortage: logging.WARNING,
    ClockStepped: logging.WARNING,
}
"""What goes well is told at `debug`: one line for every delivery is much."""

RENAMED = {"number": "attempt", "error_class": "class"}
HIDDEN = {
    AttemptEnded: {"traceparent"},
    RunFinished: {"traceparent"},
    DeadLetterWritten: {"reason"},
}
"""A reason of a dead letter may quote an answer or a row."""


LIMITED = frozenset({DeadLetterWritten, DeadLetterEvicted})
"""Kinds of which a receiver that refuses everything makes thousands."""
MOST = 100
WINDOW = 10.0
"""So many lines of a kind in so many seconds are logged; of the others, how many they were."""


class Throttle:
    """Counts lines of one kind. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = -WINDOW
        self._logged = self._left = 0

    def words(self) -> list[str] | None:
        """What to log besides the next line, or None: nothing, and not that line either."""
        now, words = self._clock(), []
        if now - self._began >= WINDOW:
            if self._left:
                words.append(f"{self._left} more were not logged; `fqlc dlq stats` counts all")
            self._began, self._logged, self._left = now, 0, 0
        self._logged += 1
        if self._logged > MOST:
            self._left += 1
            return None
        if self._logged == MOST:
            words.append(f"more are not logged for {WINDOW:.0f}s; `fqlc dlq stats` counts all")
        return words


class LogListener:
    """Writes each lifecycle event to the logger `fql.engine`; `record.fql` holds its fields.

    `label` shows an endpoint without values of the environment; without it none is shown. `clock`
    gives seconds, by which floods of dead letters are bounded.
    """

    def __init__(
        self,
        own: logging.Logger | None = None,
        *,
        label: Callable[[str], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = own or logger
        self._label = label
        self._throttles = {kind: Throttle(clock) for kind in LIMITED}

    def wants(self, kind: type[Lifecycle]) -> bool:
        """Whether events of this kind may have a level that is logged now."""
        level = logging.INFO if kind in (AttemptEnded, RunFinished) else LEVELS[kind]
        return self._logger.isEnabledFor(level)

    def __call__(self, event: Lifecycle) -> None:
        """Log one event, if its level is wanted."""
        level = level_of(event)
        if not self._logger.isEnabledFor(level):
            return
        name = type(event).__name__
        throttle = self._throttles.get(type(event))
        besides = [] if throttle is None else throttle.words()
        if besides is None:
            return
        fields = fields_of(event, self._label)
        words = " ".join(f"{field}={value}" for field, value in fields.items())
        self._logger.log(level, "%s %s", name, words, extra={"fql": {"event": name, **fields}})
        for text in besides:
            self._logger.log(level, "%s: %s", name, text)


def level_of(event: Lifecycle) -> int:
    """What did not go well is told one level above."""
    if isinstance(event, AttemptEnded) and event.failed:
        return logging.INFO
    if isinstance(event, RunFinished) and event.state != "done":
        return logging.INFO
    return LEVELS[type(event)]


def fields_of(event: Lifecycle, label: Callable[[str], str] | None = None) -> dict[str, object]:
    """The fields of a record; `trace_id` only where the event belongs to a trace, an endpoint only
    where `label` shows it without values of the environment."""
    values: Mapping[str, object] = _values(event, label)
    hidden = HIDDEN.get(type(event), set())
    fields = {RENAMED.get(n, n): value for n, value in values.items() if n not in hidden}
    if fields.get("reason") == "":
        del fields["reason"]
    trace_id = trace_id_of(str(values.get("traceparent", "")))
    return {**fields, "trace_id": trace_id} if trace_id else fields


def _values(event: Lifecycle, label: Callable[[str], str] | None) -> dict[str, object]:
    if not isinstance(event, AttemptEnded):
        return asdict(event)
    values = event._asdict()
    if label is None:
        del values["endpoint"]
    else:
        values["endpoint"] = label(event.endpoint)
    return values
