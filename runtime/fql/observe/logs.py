"""Lifecycle events as log records of the standard library, with their ids as fields."""

from __future__ import annotations

import logging
from dataclasses import asdict

from fql.observe.events import (
    AttemptEnded,
    CycleCommitted,
    DeadLetterEvicted,
    DeadLetterWritten,
    EngineStarted,
    EngineStopped,
    Lifecycle,
    PlanSwitched,
    RunFinished,
    StoreTrouble,
)

logger = logging.getLogger("fql.engine")

LEVELS: dict[type[Lifecycle], int] = {
    EngineStarted: logging.INFO,
    EngineStopped: logging.INFO,
    AttemptEnded: logging.DEBUG,
    RunFinished: logging.DEBUG,
    DeadLetterWritten: logging.WARNING,
    DeadLetterEvicted: logging.WARNING,
    CycleCommitted: logging.DEBUG,
    PlanSwitched: logging.INFO,
    StoreTrouble: logging.ERROR,
}


class LogListener:
    """Writes each lifecycle event to the logger `fql.engine`; `record.fql` holds its fields."""

    def __init__(self, own: logging.Logger | None = None) -> None:
        self._logger = own or logger

    def __call__(self, event: Lifecycle) -> None:
        """Log one event, if its level is wanted."""
        level = self._level(event)
        if self._logger.isEnabledFor(level):
            fields = asdict(event)
            words = " ".join(f"{name}={value}" for name, value in fields.items())
            name = type(event).__name__
            self._logger.log(level, "%s %s", name, words, extra={"fql": {"event": name, **fields}})

    def _level(self, event: Lifecycle) -> int:
        if isinstance(event, AttemptEnded) and event.state != "done":
            return logging.INFO
        return LEVELS[type(event)]
