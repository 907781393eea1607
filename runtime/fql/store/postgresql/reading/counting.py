"""How much a PostgreSQL store holds, counted along indexes and no further than people read."""

from __future__ import annotations

from fql.store.port import MOST_COUNTED, Counts
from fql.store.postgresql.wire.line import Wire

_FEW = f"SELECT count(*) FROM (SELECT 1 FROM {{{{s}}}}.{{table}} LIMIT {MOST_COUNTED + 1}) few"  # noqa: S608
_STATES = """WITH RECURSIVE s(state) AS (
  (SELECT state FROM {{s}}.{table} WHERE state <> '{but}' ORDER BY state LIMIT 1)
  UNION ALL SELECT (SELECT r.state FROM {{s}}.{table} r WHERE r.state <> '{but}'
    AND r.state > s.state ORDER BY r.state LIMIT 1) FROM s WHERE s.state IS NOT NULL)
  SELECT s.state, (SELECT count(*) FROM (SELECT 1 FROM {{s}}.{table} r WHERE r.state <> '{but}'
    AND r.state = s.state LIMIT {most}) few) FROM s WHERE s.state IS NOT NULL"""
"""States by jumps through an index; the rows of each are counted as far as `Counts` goes."""


def counts(wire: Wire) -> Counts:
    """How much there is, each number as far as `Counts` goes."""
    return Counts(
        _few(wire, "fql_event"),
        _by_state(wire, "fql_run", but="done"),
        _by_state(wire, "fql_letter"),
        _few(wire, "fql_inbox"),
        frozenset(row[0] for row in wire.run("SELECT name FROM {s}.fql_pause")),
    )


def _few(wire: Wire, table: str) -> int:
    row = wire.one(_FEW.format(table=table))
    return 0 if row is None else int(row[0])


def _by_state(wire: Wire, table: str, but: str = "") -> dict[str, int]:
    query = _STATES.format(table=table, but=but, most=MOST_COUNTED + 1)
    return {row[0]: row[1] for row in wire.run(query)}
