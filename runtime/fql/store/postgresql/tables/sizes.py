"""How much room a PostgreSQL store takes.

Files do not shrink when rows are deleted, so their size says only that a store may be too big. Then
what is alive in them is estimated from a sample of its pages.
"""

from __future__ import annotations

from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8, text, texts

SAMPLE_PAGES = 2000
"""Pages of a table that are read to estimate it."""
ROW_BYTES = 200
"""What a row takes besides its long texts: its header, its short values, its places in indexes."""
_BYTES = """SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = ANY($2) AND c.relkind = 'r'"""
_PAGES = """SELECT pg_relation_size(c.oid) / current_setting('block_size')::bigint FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2"""
_LONG = {
    "fql_event": ("payload", "context"),
    "fql_run": ("works",),
    "fql_attempt": ("error", "response_start"),
    "fql_remembered": (),
}
"""The tables that a store is made of, and their long texts."""


def used_bytes(wire: Wire) -> int:
    """Bytes of all tables and indexes, with the room in them that is free again."""
    names = [table.name for table in schema.TABLES]
    row = wire.one(_BYTES, (text(wire.schema), texts(names)))
    return 0 if row is None else int(row[0])


def live_bytes(wire: Wire) -> int:
    """About how many bytes of them are in use."""
    return sum(_live(wire, name, columns) for name, columns in _LONG.items())


def _live(wire: Wire, name: str, columns: tuple[str, ...]) -> int:
    row = wire.one(_PAGES, (text(wire.schema), text(name)))
    pages = 0 if row is None else int(row[0])
    if not pages:
        return 0
    percent = min(100.0, 100.0 * SAMPLE_PAGES / pages)
    widths = "".join(f" + coalesce(pg_column_size({column}), 0)" for column in columns)
    sampled = wire.one(
        f"SELECT coalesce(sum($1{widths}), 0)::bigint FROM {{s}}.{name}"  # noqa: S608
        f" TABLESAMPLE SYSTEM ({percent})",
        (int8(ROW_BYTES),),
    )
    return 0 if sampled is None else int(sampled[0] * 100 / percent)
