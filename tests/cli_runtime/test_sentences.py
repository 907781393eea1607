"""What a person reads in the logs of `fqlc run`."""

from __future__ import annotations

import json
import logging

import pytest

from fql.cli.running.logs import JsonFormatter, TextFormatter
from fql.observe.events import (
    AttemptEnded,
    DeadLetterClosed,
    DeadLetterEvicted,
    DeadLetterWritten,
    EngineStarted,
    EngineStopped,
    EventsTaken,
    Lifecycle,
    PlanSwitched,
    RunFinished,
    ShardsMoved,
    StoreTrouble,
)
from fql.observe.logs import LogListener


def attempt(status: int | None, failure: str | None, state: str, reason: str = "") -> AttemptEnded:
    return AttemptEnded(
        "shipped",
        "label",
        "carrier",
        "run_1",
        2,
        status,
        failure,
        12,
        state,
        "evt-1",
        reason=reason,
    )


TO = "shipped.label for evt-1: attempt 2 to carrier: "


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (EngineStarted(1, True, 0), "the engine has started"),
        (EngineStarted(2, False, 1), "the engine has started, after an end without draining;"
         " work is waiting for 1 endpoint"),
        (EngineStopped(True), "the engine has stopped"),
        (EngineStopped(False), "the engine has stopped without draining"),
        (attempt(503, None, "scheduled"),
         f"{TO}status 503 after 12 ms, will be tried again"),
        (attempt(None, "response", "dead"),
         f"{TO}failed (response) after 12 ms, given up"),
        (attempt(None, "connect", "dead", "no connection to 10.0.0.1:80: Connection refused"),
         f"{TO}no connection to 10.0.0.1:80: Connection refused"
         " after 12 ms, given up"),
        (attempt(200, None, "done"), f"{TO}status 200 after 12 ms"),
        (RunFinished("shipped", "run_1", "dead", "evt-1"), "shipped for evt-1: the run is dead"),
        (DeadLetterWritten("dlq_1", "shipped", "label", "run_1", "exhausted", "why"),
         "dead letter dlq_1: shipped.label (exhausted)"),
        (DeadLetterWritten("dlq_2", "", "", "", "capture", "why"),
         "dead letter dlq_2: an event that does not fit (capture)"),
        (DeadLetterClosed("dlq_1", "resolved"), "dead letter dlq_1: resolved"),
        (DeadLetterEvicted("dlq_1", "shipped", "label"),
         "dead letter dlq_1: removed, past the retention period or size limit (shipped.label)"),
        (PlanSwitched("sha256:0123456789abcdef"), "plan sha256:0123456789ab is active"),
        (ShardsMoved(21, 0, 21, 64, 3),
         "took 21 of 64 shards and has 21 now; 3 engines share the work"),
        (ShardsMoved(0, 32, 32, 64, 1),
         "gave back 32 of 64 shards and has 32 now; no other engine is there"),
        (StoreTrouble("disk full"), "a commit did not succeed: disk full"),
        (EventsTaken("file", 1),
         "EventsTaken source=file accepted=1 duplicate=0 refused=0 unknown=0"),
    ],
)  # fmt: skip
def test_an_event_becomes_a_sentence(event: Lifecycle, said: str) -> None:
    """On a terminal and in a file; those that only `debug` shows keep their names and fields."""
    assert line_of(event, TextFormatter())[9:].split(None, 1)[1] == said
    assert json.loads(line_of(event, JsonFormatter()))["message"] == said


def test_a_line_is_written_over_the_progress() -> None:
    """On a terminal the line that renews itself makes room."""
    line = line_of(EngineStopped(True), TextFormatter(renewed=True))
    assert line.startswith("\r\033[K")
    assert line.endswith("the engine has stopped")


def line_of(event: Lifecycle, formatter: logging.Formatter) -> str:
    """The line that is logged for an event."""
    kept: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(formatter.format(record))

    logger = logging.Logger("own", logging.DEBUG)
    logger.addHandler(Keeping())
    LogListener(logger, label=str)(event)
    (line,) = kept
    return line


@pytest.mark.parametrize("words", ["evt \x1b[2J", "line\nERROR forged", "\x9b31m"])
def test_no_word_of_an_event_steers_the_terminal(words: str) -> None:
    """Nor begins a line of its own."""
    record = logging.LogRecord("fql", logging.WARNING, "", 0, "refused: %s", (words,), None)
    line = TextFormatter().format(record)
    assert line.isprintable()
    assert "refused: " in line
