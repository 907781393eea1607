"""Questions of people as SQL with parameters. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fql.store.choosing import LetterFilter, RunFilter
from fql.store.port import as_far_as
from fql.store.postgresql.reading.read import LOADED
from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.values import int8, int8s, text, texts

Query = tuple[str, list[bytes]]
Place = tuple[bytes, bytes]
"""The values of the last row of the page before, in the order that a list has."""


def where(
    parts: Sequence[tuple[str, bytes | None]], below: tuple[str, Place | None] = ("", None)
) -> Query:
    """Conditions that have a value; `$` in each is where its value goes. `below` are two columns
    and the place that the page begins after, downwards."""
    values: list[bytes] = []
    conditions: list[str] = []
    for condition, value in parts:
        if value is not None:
            values.append(value)
            conditions.append(condition.replace("$", f"${len(values)}"))
    columns, place = below
    if place is not None:
        conditions.append(f"({columns}) < (${len(values) + 1}, ${len(values) + 2})")
        values += place
    return (f" WHERE {' AND '.join(conditions)} " if conditions else " "), values


def text_or_null(value: str | None) -> bytes | None:
    """A value, if there is one."""
    return None if value is None else text(value)


def int_or_null(value: int | None) -> bytes | None:
    """A value, if there is one."""
    return None if value is None else int8(value)


def pair(place: tuple[int, int] | None) -> Place | None:
    """A place in an order of two numbers."""
    return None if place is None else (int8(place[0]), int8(place[1]))


def runs_query(wanted: RunFilter) -> Query:
    """Runs with their events, newest first."""
    conditions, values = where(
        [
            ("r.id = ANY($)", int8s(wanted.ids) if wanted.ids else None),
            ("r.event = $", int_or_null(wanted.event)),
            ("e.event_id = $", text_or_null(wanted.event_id)),
            ("r.observer = $", text_or_null(wanted.observer)),
            ("r.state = $", text_or_null(wanted.state)),
            ("e.entity = $", text_or_null(wanted.entity)),
            ("r.row_key = $", text_or_null(wanted.row_key)),
            ("r.started >= $", int_or_null(wanted.since)),
            ("r.started < $", int_or_null(wanted.until)),
        ],
        ("r.started, r.number", pair(wanted.below)),
    )
    # A partial index is used only for a query that repeats its condition.
    conditions += "AND r.row_key <> '' " if wanted.row_key else ""
    conditions += "AND r.state <> 'done' " if wanted.state not in (None, "done") else ""
    order = f"ORDER BY r.started DESC, r.number DESC LIMIT ${len(values) + 1}"
    return LOADED + conditions + order, [*values, int8(wanted.limit)]


def letters_query(wanted: LetterFilter) -> Query:
    """Dead letters, newest first, along the index on `failed_at` and id: so a page costs what it
    holds, however many there are."""
    conditions, values = _letters(wanted)
    if wanted.limit is not None:
        values.append(int8(wanted.limit))
    limit = "" if wanted.limit is None else f" LIMIT ${len(values)}"
    order = f"ORDER BY failed_at DESC, dlq_id DESC{limit}"
    names = schema.columns(schema.LETTER.names)
    return f"SELECT {names} FROM {{s}}.fql_letter{conditions}{order}", values  # noqa: S608


def letter_number_query(wanted: LetterFilter) -> Query:
    """How many dead letters fit, counted as far as people count."""
    conditions, values = _letters(wanted)
    most = f"LIMIT ${len(values) + 1}"
    inner = f"SELECT 1 FROM {{s}}.fql_letter{conditions}{most}"  # noqa: S608
    return f"SELECT count(*) FROM ({inner}) few", [*values, int8(as_far_as(wanted.limit))]  # noqa: S608


def _letters(wanted: LetterFilter) -> Query:
    below = None if wanted.below is None else (int8(wanted.below[0]), text(wanted.below[1]))
    conditions, values = where(
        [
            ("dlq_id = ANY($)", texts(wanted.ids) if wanted.ids else None),
            ("state = ANY($)", texts(wanted.states) if wanted.states else None),
            ("observer = $", text_or_null(wanted.observer)),
            ("action = $", text_or_null(wanted.action)),
            ("class = $", text_or_null(wanted.error_class)),
            ("failed_at > $", int_or_null(wanted.failed_after)),
            ("failed_at < $", int_or_null(wanted.failed_before)),
            ("batch = $", int_or_null(wanted.batch)),
            ("run = $", int_or_null(wanted.run)),
            ("event_id = $", text_or_null(wanted.event_id)),
            ("entity = $", text_or_null(wanted.entity)),
            ("row_key = $", text_or_null(wanted.row_key)),
            ("strpos(reason, $) > 0", text_or_null(wanted.reason)),
        ],
        ("failed_at, dlq_id", below),
    )
    conditions += "AND row_key <> '' " if wanted.row_key else ""
    return conditions, values
