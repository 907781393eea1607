"""Questions of people as SQL with parameters. Pure."""

from __future__ import annotations

from fql.exact.writing import json_text
from fql.store.records import LetterFilter, RunFilter
from fql.store.sqlite.schema import LOADED

Query = tuple[str, list[object]]


def _where(parts: list[tuple[str, object]]) -> Query:
    used = [(text, value) for text, value in parts if value is not None]
    text = " AND ".join(part for part, _ in used)
    return (f" WHERE {text} " if text else " "), [value for _, value in used]


def _among(column: str) -> str:
    return f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608


def _json(values: tuple[int, ...] | tuple[str, ...]) -> str | None:
    return json_text(values) if values else None


def runs_query(wanted: RunFilter) -> Query:
    """Runs with their events, newest first."""
    where, values = _where(
        [
            (_among("r.id"), _json(wanted.ids)),
            ("r.id > ?", wanted.event),  # runs are numbered closely after their event
            ("r.id <= ? + 20000", wanted.event),
            ("r.event = ?", wanted.event),
            ("e.event_id = ?", wanted.event_id),
            ("r.observer = ?", wanted.observer),
            ("r.state = ?", wanted.state),
        ]
    )
    return LOADED + where + "ORDER BY r.id DESC LIMIT ?", [*values, wanted.limit]


def letters_query(wanted: LetterFilter, table: str) -> Query:
    """Dead letters, newest first."""
    where, values = _where(
        [
            (_among("dlq_id"), _json(wanted.ids)),
            (_among("state"), _json(wanted.states)),
            ("observer = ?", wanted.observer),
            ("action = ?", wanted.action),
            ("class = ?", wanted.error_class),
            ("failed_at > ?", wanted.failed_after),
            ("failed_at < ?", wanted.failed_before),
            ("batch = ?", wanted.batch),
            ("run = ?", wanted.run),
        ]
    )
    limit = -1 if wanted.limit is None else wanted.limit
    order = "ORDER BY failed_at DESC, dlq_id LIMIT ?"
    return f"SELECT * FROM {table}{where}{order}", [*values, limit]  # noqa: S608
