"""The outbox of PostgreSQL as its one reader sees it: each function is one look or one statement.

Numbers are drawn before they are committed, so a lower one may come after a higher one was read.
`Floor` is the number up to which that cannot happen any more.
"""

# ruff: noqa: S608  (every name comes from `Names`, which allows no other characters)
from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from fql.outbox.postgresql.connection import Connection
from fql.outbox.postgresql.names import Names

MOST_BYTES = 16_000_000
"""Of the rows of one read, except for the last one."""

_TEXTS = ("entity", "event", "new", "old", "problem", "event_id", "key", "context")
_BYTES = """convert_to({}::text,
  CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END)"""
"""A text as it is: in a database that has no encoding it need not be one, and sending it as a text
would fail each read."""
_AT = """to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_COLUMNS = ", ".join(("seq", "id", "revision", *(_BYTES.format(value) for value in (*_TEXTS, _AT))))
_SIZE = """coalesce(octet_length(new::text), 0) + coalesce(octet_length(old::text), 0)
+ coalesce(octet_length(context::text), 0)"""


class OutboxRow(NamedTuple):
    """A row of the outbox; texts are bytes, because a database in SQL_ASCII may hold any.
    `revision` is None for one that `emit` wrote."""

    seq: int
    id: UUID
    revision: int | None
    entity: bytes
    event: bytes
    new: bytes | None
    old: bytes | None
    problem: bytes | None
    event_id: bytes | None
    key: bytes | None
    context: bytes | None
    at: bytes | None


class Server(NamedTuple):
    """Which server this is: a cluster, and its history since the last failover or restore."""

    system: int
    timeline: str


class Seen(NamedTuple):
    """What a look finds: the server, who is registered, and the last number that was drawn."""

    server: Server
    incarnation: str
    consumer: str | None
    number: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Numbers up to `number` were drawn by transactions older than `xid`."""

    number: int
    xid: int


def look(connection: Connection, names: Names) -> Seen:
    """Raises psycopg.Error; on a standby ReadOnlySqlTransaction or one that says recovery."""
    row = connection.execute(
        f"""SELECT (SELECT system_identifier FROM pg_control_system()),
  left(pg_walfile_name(pg_current_wal_lsn()), 8), s.incarnation, s.consumer,
  (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {names.sequence})
FROM {names.source} AS s""".encode()
    ).fetchone()
    system, timeline, incarnation, consumer, number = row or (0, "", "", None, 0)
    return Seen(Server(system, timeline), incarnation, consumer, number)


def rows_after(
    connection: Connection, names: Names, floor: int, limit: int, done: Collection[UUID]
) -> list[OutboxRow]:
    """Rows with higher numbers that are not done, lowest first."""
    query = f"""SELECT {_COLUMNS} FROM (
  SELECT *, sum(size) OVER (ORDER BY seq, id) - size AS before FROM (
    SELECT *, {_SIZE} AS size FROM {names.outbox}
    WHERE seq > %b AND NOT id = ANY(%b) ORDER BY seq, id LIMIT %b) AS found
) AS counted WHERE before < {MOST_BYTES} ORDER BY seq, id"""
    with connection.cursor(binary=True) as cursor:
        cursor.execute(query.encode(), (floor, list(done), limit))
        return [OutboxRow._make(row) for row in cursor.fetchall()]


def has_news(connection: Connection, names: Names, floor: int) -> bool:
    """Whether there is any row with a higher number. `EXISTS` would read the whole table: it knows
    no order, and takes a part of the rows for many."""
    query = f"""SELECT (
  SELECT seq FROM {names.outbox} WHERE seq > %b ORDER BY seq LIMIT 1) IS NOT NULL"""
    row = connection.execute(query.encode(), (floor,)).fetchone()
    return bool(row and row[0])


def lowest(connection: Connection, names: Names) -> int | None:
    """The lowest number that is there."""
    query = f"SELECT min(seq) FROM {names.outbox}"
    row = connection.execute(query.encode()).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def mark(connection: Connection, number: int) -> Mark:
    """`number` was the last one drawn before this: whoever drew one up to it has an older xid."""
    row = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
    return Mark(number, int(row[0]) if row is not None else 0)


def settled(connection: Connection, names: Names, known: Mark) -> int | None:
    """The floor, once all transactions before the mark have ended; until then None. What they
    committed is seen in the same moment: the floor is below all that is left."""
    query = f"""SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %b::text::xid8,
  (SELECT min(seq) FROM {names.outbox})"""
    row = connection.execute(query.encode(), (str(known.xid),)).fetchone()
    if row is None or not row[0]:
        return None
    return known.number if row[1] is None else min(known.number, int(row[1]) - 1)


def delete(connection: Connection, names: Names, rows: Sequence[tuple[UUID, int]]) -> None:
    """Rows that are done, by id and number. Those that are not there are no fault."""
    query = f"""DELETE FROM {names.outbox} WHERE (seq, id) IN
(SELECT * FROM unnest(%b::bigint[], %b::uuid[]))"""
    ids, numbers = [id_ for id_, _ in rows], [number for _, number in rows]
    connection.execute(query.encode(), (numbers, ids))


def register(connection: Connection, names: Names, mine: str, seen: str | None) -> bool:
    """Note who reads the outbox, where that is still what was seen; gives whether it was."""
    query = f"SELECT {names.schema}.register(%b, %b)"
    row = connection.execute(query.encode(), (mine, seen)).fetchone()
    return bool(row and row[0])
