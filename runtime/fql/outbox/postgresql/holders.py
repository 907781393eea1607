"""Transactions that have been open for long: the source reads on, but from an ever earlier place,
and the server can clear nothing away."""

from __future__ import annotations

from fql.outbox.postgresql.connection import Connection

LONG_SECONDS = 60.0
"""How old a transaction is when it is worth a word."""

_HOLDERS = """SELECT * FROM (
  SELECT concat_ws(' ', 'pid', pid, 'of', quote_ident(usename), 'in', quote_ident(datname),
      '(application ' || quote_literal(nullif(application_name, '')) || ')'), xact_start AS since
  FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
  UNION ALL
  SELECT concat_ws(' ', 'prepared transaction', quote_literal(gid), 'of', quote_ident(owner), 'in',
      quote_ident(database)), prepared
  FROM pg_prepared_xacts
) AS found(who, since)
WHERE since < clock_timestamp() - make_interval(secs => %b) ORDER BY since LIMIT 3"""


def held_by(connection: Connection, seconds: float = LONG_SECONDS) -> str:
    """The oldest transactions that write, older than `seconds`: who and since when; empty where
    there is none that this role may see."""
    rows = connection.execute(_HOLDERS, (seconds,)).fetchall()
    return "; ".join(f"{who}, open since {since:%Y-%m-%d %H:%M:%S%z}" for who, since in rows)
