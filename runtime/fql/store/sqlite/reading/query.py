"""Questions of people as SQL with parameters. Pure."""

from __future__ import annotations

from fql.exact.writing import json_text
from fql.store.choosing import LetterFilter, RunFilter
from fql.store.port import as_far_as
from fql.store.sqlite.schema import EVENT, RUN

Query = tuple[str, list[object]]
FINISHED_WELL = "done"
"""The state that nearly all runs have. `fql_run_state` has the others."""


def where(parts: list[tuple[str, object]]) -> Query:
    """Conditions that have a value. One that is to be `True` has none of its own."""
    used = [part for part in parts if part[1] is not None and part[1] is not False]
    text = " AND ".join(part for part, _ in used)
    values = [value for _, value in used if value is not True]
    return (f" WHERE {text} " if text else " "), values


def _among(column: str) -> str:
    return f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608


def _json(values: tuple[int, ...] | tuple[str, ...]) -> str | None:
    return json_text(values) if values else None


def pair(values: tuple[int, int] | tuple[int, str] | None) -> str | None:
    """A place in an order, for `after`."""
    return None if values is None else json_text([values])


def after(columns: str) -> str:
    """What comes after a place in an order that goes downwards."""
    return f"({columns}) < (SELECT value ->> 0, value ->> 1 FROM json_each(?))"  # noqa: S608


def until(column: str, place: object) -> str:
    """Before a time. Where a page begins after a `place`, that is what is looked up (`+`)."""
    return f"{column} < ?" if place is None else f"+{column} < ?"


def _index(wanted: RunFilter) -> str:
    """The index along which runs are read. SQLite knows nothing of how many rows have a value, and
    prefers another one, which may lead through all rows."""
    if wanted.ids or wanted.event is not None or wanted.event_id is not None:
        return ""
    if wanted.row_key:
        return " INDEXED BY fql_run_row"
    if wanted.state not in (None, FINISHED_WELL):
        return " INDEXED BY fql_run_state"
    if wanted.observer is not None:
        return " INDEXED BY fql_run_observer"
    return " INDEXED BY fql_run_started"


def runs_query(wanted: RunFilter) -> Query:
    """Runs with their events, newest first, along one index."""
    text, values = where(
        [
            (_among("r.id"), _json(wanted.ids)),
            ("r.id > ?", wanted.event),  # runs are numbered closely after their event
            (
                "r.id < coalesce((SELECT min(id) FROM fql_event WHERE id > ?), 1 << 62)",
                wanted.event,
            ),
            ("r.event = ?", wanted.event),
            ("e.event_id = ?", wanted.event_id),
            ("r.observer = ?", wanted.observer),
            ("r.state = ?", wanted.state),
            # A partial index is used only for a query that repeats its condition.
            ("r.state <> 'done'", wanted.state not in (None, FINISHED_WELL)),
            ("e.entity = ?", wanted.entity),
            ("r.row_key = ?", wanted.row_key),
            ("r.row_key <> ''", bool(wanted.row_key)),
            ("r.started >= ?", wanted.since),
            (until("r.started", wanted.below), wanted.until),
            (after("r.started, r.number"), pair(wanted.below)),
        ]
    )
    index = _index(wanted)
    join = "CROSS JOIN" if index else "JOIN"  # the order that is written, and not another one
    source = f"FROM fql_run r{index} {join} fql_event e ON e.id = r.event"
    order = "ORDER BY r.started DESC, r.number DESC LIMIT ?"
    return f"SELECT {RUN}, {EVENT} {source}{text}{order}", [*values, wanted.limit]


def letters_query(wanted: LetterFilter, table: str) -> Query:
    """Dead letters, newest first. A page is read along an index by `failed_at`, from where the one
    before ended: so each costs what it holds, however many there are. Those of a run, of an event
    and those named by their ids are few."""
    text, values = _letters(wanted)
    limit = -1 if wanted.limit is None else wanted.limit
    order = "ORDER BY failed_at DESC, dlq_id DESC LIMIT ?"
    source = f"FROM {table}{_index_of_letters(wanted, table)}"
    return f"SELECT * {source}{text}{order}", [*values, limit]


def letter_number_query(wanted: LetterFilter, table: str) -> Query:
    """How many dead letters fit, counted as far as people count."""
    text, values = _letters(wanted)
    source = f"FROM {table}{_index_of_letters(wanted, table)}"
    inner = f"SELECT 1 {source}{text}LIMIT ?"
    return f"SELECT count(*) FROM ({inner})", [*values, as_far_as(wanted.limit)]  # noqa: S608


def _letters(wanted: LetterFilter) -> Query:
    return where(
        [
            (_among("dlq_id"), _json(wanted.ids)),
            (_among("state"), _json(wanted.states)),
            ("observer = ?", wanted.observer),
            ("action = ?", wanted.action),
            ("class = ?", wanted.error_class),
            ("failed_at > ?", wanted.failed_after),
            (until("failed_at", wanted.below), wanted.failed_before),
            ("batch = ?", wanted.batch),
            ("run = ?", wanted.run),
            ("event_id = ?", wanted.event_id),
            ("entity = ?", wanted.entity),
            ("row_key = ?", wanted.row_key),
            ("row_key <> ''", bool(wanted.row_key)),
            ("instr(reason, ?) > 0", wanted.reason),
            (after("failed_at, dlq_id"), pair(wanted.below)),
        ]
    )


def _index_of_letters(wanted: LetterFilter, table: str) -> str:
    if wanted.ids or wanted.run is not None or wanted.event_id is not None:
        return ""
    if wanted.row_key:
        return f" INDEXED BY {table}_row"
    if wanted.observer is not None:
        return f" INDEXED BY {table}_observer"
    return f" INDEXED BY {table}_at"
