"""Questions of people as SQL with parameters. Pure."""

from __future__ import annotations

from fql.exact.writing import json_text
from fql.store.choosing import LetterFilter, RunFilter
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
            (
                "r.id < coalesce((SELECT min(id) FROM fql_event WHERE id > ?), 1 << 62)",
                wanted.event,
            ),
            ("r.event = ?", wanted.event),
            ("e.event_id = ?", wanted.event_id),
            ("r.observer = ?", wanted.observer),
            ("r.state = ?", wanted.state),
        ]
    )
    return LOADED + where + "ORDER BY r.started DESC, r.number DESC LIMIT ?", [
        *values,
        wanted.limit,
    ]


def letters_query(wanted: LetterFilter, table: str) -> Query:
    """Dead letters, newest first. A page is read along the index on `failed_at`, from where the
    one before ended (`+` keeps other indexes out): so each costs what it holds, however many there
    are. Those of a run and those named by their ids are few."""
    below = None if wanted.below is None else json_text([wanted.below])
    where, values = _where(
        [
            (_among("dlq_id"), _json(wanted.ids)),
            (_among("state"), _json(wanted.states)),
            ("+observer = ?", wanted.observer),
            ("action = ?", wanted.action),
            ("class = ?", wanted.error_class),
            ("failed_at > ?", wanted.failed_after),
            ("failed_at < ?", wanted.failed_before),
            ("batch = ?", wanted.batch),
            ("run = ?", wanted.run),
            ("event_id = ?", wanted.event_id),
            ("(failed_at, dlq_id) < (SELECT value ->> 0, value ->> 1 FROM json_each(?))", below),
        ]
    )
    limit = -1 if wanted.limit is None else wanted.limit
    order = "ORDER BY failed_at DESC, dlq_id DESC LIMIT ?"
    return f"SELECT * FROM {table}{where}{order}", [*values, limit]  # noqa: S608


def groups_query(table: str) -> str:
    """Dead letters counted, as `LetterGroup`."""
    names = "observer, action, class"
    return (
        f"SELECT {names}, count(*), min(failed_at), max(failed_at) FROM {table}"  # noqa: S608
        f" GROUP BY {names} ORDER BY {names}"
    )
