"""What people ask of the history in a PostgreSQL store."""

from __future__ import annotations

from collections.abc import Sequence

from fql.store.choosing import EventFilter, UnmatchedFilter
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
from fql.store.postgresql.reading.query import Query, int_or_null, pair, text_or_null, where
from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8, int8s, texts
from fql.store.records import EventRow


def _of(table: schema.Table) -> str:
    return f"SELECT {schema.columns(table.names)} FROM {{s}}.{table.name}"  # noqa: S608


_MINUTES = (
    _of(schema.MINUTE) + " WHERE at > $1 - span AND (cardinality($2::text[]) = 0 OR kind = ANY($2))"
    " AND (cardinality($3::text[]) = 0 OR name = ANY($3)) ORDER BY at, span, kind, name, session"
)
_PULSE = _of(schema.PULSE) + " ORDER BY session"
_BULKS = (
    _of(schema.BULK)
    + " WHERE id = ANY($1) OR cardinality($1::bigint[]) = 0 ORDER BY id DESC LIMIT $2"
)


def events_query(wanted: EventFilter) -> Query:
    """Events, newest first."""
    text, values = where(
        [
            ("id = $", int_or_null(wanted.id)),
            ("event_id = $", text_or_null(wanted.event_id)),
            ("entity = $", text_or_null(wanted.entity)),
            ("source = $", text_or_null(wanted.source)),
            ("received >= $", int_or_null(wanted.since)),
            ("received < $", int_or_null(wanted.until)),
        ],
        ("received, id", pair(wanted.below)),
    )
    order = f"ORDER BY received DESC, id DESC LIMIT ${len(values) + 1}"
    return f"{_of(schema.EVENT)}{text}{order}", [*values, int8(wanted.limit)]


def unmatched_query(wanted: UnmatchedFilter) -> Query:
    """Events without a run, newest first."""
    text, values = where(
        [
            ("id = $", int_or_null(wanted.id)),
            ("event_id <> '' AND event_id = $", text_or_null(wanted.event_id)),
            ("row_key = $", text_or_null(wanted.row_key)),
            ("entity = $", text_or_null(wanted.entity)),
            ("source = $", text_or_null(wanted.source)),
            ("result = $", text_or_null(wanted.result)),
            ("at >= $", int_or_null(wanted.since)),
            ("at < $", int_or_null(wanted.until)),
        ],
        ("at, id", pair(wanted.below)),
    )
    if wanted.row_key:
        text += "AND row_key <> '' "
    order = f"ORDER BY at DESC, id DESC LIMIT ${len(values) + 1}"
    return f"{_of(schema.UNMATCHED)}{text}{order}", [*values, int8(wanted.limit)]


def events(wire: Wire, wanted: EventFilter) -> list[EventRow]:
    """Events, newest first."""
    return [EventRow(*row) for row in wire.run(*events_query(wanted))]


def unmatched(wire: Wire, wanted: UnmatchedFilter) -> list[UnmatchedRow]:
    """Events without a run, newest first."""
    return [UnmatchedRow(*row) for row in wire.run(*unmatched_query(wanted))]


def minutes(wire: Wire, since: int, kinds: Sequence[str], names: Sequence[str]) -> list[MinuteRow]:
    """What was counted in spans that end after a time, oldest first."""
    values = (int8(since), texts(list(kinds)), texts(list(names)))
    return [MinuteRow(*row) for row in wire.run(_MINUTES, values)]


def pulse(wire: Wire) -> list[PulseRow]:
    """The engines, as they were when they were last watched."""
    return [PulseRow(*row) for row in wire.run(_PULSE)]


def bulks(wire: Wire, ids: Sequence[int], limit: int) -> list[BulkRow]:
    """Bulk replays, newest first: these, or all."""
    return [BulkRow(*row) for row in wire.run(_BULKS, (int8s(list(ids)), int8(limit)))]
