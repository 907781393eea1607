"""Rows for tests of stores."""

from __future__ import annotations

from typing import Any

from fql.store.records import (
    AttemptRow,
    EventRow,
    LetterRow,
    Mutations,
    Remembered,
    RunPatch,
    RunRow,
)

READY = '[["r"]]'


def event(number: int, **changes: Any) -> EventRow:
    row = EventRow(
        number, "src", str(number), "Order", "insert", f"e{number}", "2026-01-01T00:00:00+00:00",
        1000 + number, '{"new":{"price":1.50,"name":"Zoë \\u0000"},"old":null}', "",
    )  # fmt: skip
    return row._replace(**changes)


def run(number: int, event_id: int, **changes: Any) -> RunRow:
    row = RunRow(
        number, event_id, "p1", "watch", f"key{number}", "open", 0, "here", None, 1000, None, READY
    )
    return row._replace(**changes)


def patch(row: RunRow, **changes: Any) -> RunPatch:
    new = row._replace(**changes)
    return RunPatch(
        new.state, new.due, new.lane, new.order_key, new.ended, new.works, new.held, new.id
    )


def letter(name: str, **changes: Any) -> LetterRow:
    row = LetterRow(
        id=name, run=11, node="a", observer="watch", action="a", entity="Order", event="insert",
        event_id="e1", error_class="exhausted", reason="status 503", failed_at=5000, state="dead",
        handled=0, request='{"method":"POST"}', plan="sha256:p1", key="k", batch=None,
        source="src", payload=None,
    )  # fmt: skip
    return row._replace(**changes)


def attempt(owner: int, number: int, **changes: Any) -> AttemptRow:
    row = AttemptRow(owner, "a", number, 2000 + number, 503, None, "", 12, "busy")
    return row._replace(**changes)


def remembered(byte: int, **changes: Any) -> Remembered:
    return Remembered(bytes([byte]) * 16, 1, 1000, bytes([255]) + bytes(7))._replace(**changes)


def one_run(**changes: Any) -> Mutations:
    return Mutations(events=[event(10)], runs=[run(11, 10, **changes)])
