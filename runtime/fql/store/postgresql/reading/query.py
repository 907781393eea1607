"""Questions of people as SQL with parameters. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fql.store.choosing import LetterFilter, RunFilter
from fql.store.postgresql.reading.read import LOADED
from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.values import int8, int8s, text, texts

Query = tuple[str, list[bytes]]


def _where(parts: Sequence[tuple[str, bytes | None]]) -> Query:
    """Conditions that have a value; `$` in each is where its value goes."""
    values: list[bytes] = []
    conditions: list[str] = []
    for condition, value in parts:
        if value is not None:
            values.append(value)
            conditions.append(condition.replace("$", f"${len(values)}"))
    return (f" WHERE {' AND '.join(conditions)} " if conditions else " "), values


def _text_or_null(value: str | None) -> bytes | None:
    return None if value is None else text(value)


def _int_or_null(value: int | None) -> bytes | None:
    return None if value is None else int8(value)


def runs_query(wanted: RunFilter) -> Query:
    """Runs with their events, newest first."""
    where, values = _where(
        [
            ("r.id = ANY($)", int8s(wanted.ids) if wanted.ids else None),
            ("r.event = $", _int_or_null(wanted.event)),
            ("e.event_id = $", _text_or_null(wanted.event_id)),
            ("r.observer = $", _text_or_null(wanted.observer)),
            ("r.state = $", _text_or_null(wanted.state)),
        ]
    )
    order = f"ORDER BY r.started DESC, r.number DESC LIMIT ${len(values) + 1}"
    return LOADED + where + order, [*values, int8(wanted.limit)]


def letters_query(wanted: LetterFilter) -> Query:
    """Dead letters, newest first, along the index on `failed_at` and id: so a page costs what it
    holds, however many there are."""
    where, values = _where(
        [
            ("dlq_id = ANY($)", texts(wanted.ids) if wanted.ids else None),
            ("state = ANY($)", texts(wanted.states) if wanted.states else None),
            ("observer = $", _text_or_null(wanted.observer)),
            ("action = $", _text_or_null(wanted.action)),
            ("class = $", _text_or_null(wanted.error_class)),
            ("failed_at > $", _int_or_null(wanted.failed_after)),
            ("failed_at < $", _int_or_null(wanted.failed_before)),
            ("batch = $", _int_or_null(wanted.batch)),
            ("run = $", _int_or_null(wanted.run)),
            ("event_id = $", _text_or_null(wanted.event_id)),
        ]
    )
    if wanted.below is not None:
        at, name = wanted.below
        where += "AND " if values else "WHERE "
        where += f"(failed_at, dlq_id) < (${len(values) + 1}, ${len(values) + 2}) "
        values += [int8(at), text(name)]
    if wanted.limit is not None:
        values.append(int8(wanted.limit))
    limit = "" if wanted.limit is None else f" LIMIT ${len(values)}"
    order = f"ORDER BY failed_at DESC, dlq_id DESC{limit}"
    names = schema.columns(schema.LETTER.names)
    return f"SELECT {names} FROM {{s}}.fql_letter{where}{order}", values  # noqa: S608
