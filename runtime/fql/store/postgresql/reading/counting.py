"""How much a PostgreSQL store holds, counted along indexes and no further than people read."""

from __future__ import annotations

from fql.store.choosing import LetterGroup
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


_GROUPS = """WITH RECURSIVE g AS (
  (SELECT observer, action, class FROM {{s}}.fql_letter ORDER BY observer, action, class LIMIT 1)
  UNION ALL SELECT n.* FROM g CROSS JOIN LATERAL (SELECT l.observer, l.action, l.class
    FROM {{s}}.fql_letter l WHERE (l.observer, l.action, l.class) > (g.observer, g.action, g.class)
    ORDER BY l.observer, l.action, l.class LIMIT 1) n)
  SELECT g.*, (SELECT count(*) FROM (SELECT 1 FROM {{s}}.fql_letter l WHERE {of} LIMIT {most}) few),
    (SELECT min(failed_at) FROM {{s}}.fql_letter l WHERE {of}),
    (SELECT max(failed_at) FROM {{s}}.fql_letter l WHERE {of}) FROM g"""
_OF = "l.observer = g.observer AND l.action = g.action AND l.class = g.class"
_OBSERVERS = """WITH RECURSIVE g AS (
  (SELECT observer FROM {{s}}.fql_letter ORDER BY observer LIMIT 1)
  UNION ALL SELECT n.* FROM g CROSS JOIN LATERAL (SELECT l.observer FROM {{s}}.fql_letter l
    WHERE l.observer > g.observer ORDER BY l.observer LIMIT 1) n)
  SELECT g.observer, (SELECT count(*) FROM (SELECT 1 FROM {{s}}.fql_letter l
    WHERE l.observer = g.observer LIMIT {most}) few) FROM g"""


def counts(wire: Wire) -> Counts:
    """How much there is, each number as far as `Counts` goes."""
    return Counts(
        few(wire, "fql_event"),
        _by_state(wire, "fql_run", but="done"),
        _by_state(wire, "fql_letter"),
        few(wire, "fql_inbox"),
        frozenset(row[0] for row in wire.run("SELECT name FROM {s}.fql_pause")),
    )


def few(wire: Wire, table: str) -> int:
    """How many rows a table has, as far as `Counts` goes."""
    row = wire.one(_FEW.format(table=table))
    return 0 if row is None else int(row[0])


def _by_state(wire: Wire, table: str, but: str = "") -> dict[str, int]:
    query = _STATES.format(table=table, but=but, most=MOST_COUNTED + 1)
    return {row[0]: row[1] for row in wire.run(query)}


def groups(wire: Wire) -> list[LetterGroup]:
    """Dead letters by observer, action and class, each group counted as far as `Counts` goes."""
    query = _GROUPS.format(of=_OF, most=MOST_COUNTED + 1)
    return sorted(LetterGroup(*row) for row in wire.run(query))


def by_observer(wire: Wire) -> dict[str, int]:
    """Dead letters of each observer, in the same way."""
    return {row[0]: row[1] for row in wire.run(_OBSERVERS.format(most=MOST_COUNTED + 1))}
