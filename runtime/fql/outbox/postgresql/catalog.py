"""What a live PostgreSQL database says about tables, triggers and functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fql.outbox.marks import Mark, read_mark
from fql.outbox.postgresql.capture.facts import Column, Generated, TableFacts
from fql.outbox.postgresql.connection import Connection
from fql.outbox.postgresql.names import Names
from fql.sql.text import quoted_name

_TABLE = """SELECT c.oid, c.relkind::text,
  (SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS k ON k.oid = i.inhrelid
   WHERE i.inhparent = c.oid AND NOT k.relispartition)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %b AND c.relname = %b AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"""

_COLUMNS = """WITH RECURSIVE typed AS (
  SELECT a.attnum, a.atttypid AS type, a.attnotnull AS filled, false AS many
  FROM pg_attribute AS a WHERE a.attrelid = %b AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT d.attnum, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END,
    d.filled OR (t.typtype = 'd' AND t.typnotnull), d.many OR t.typcategory = 'A'
  FROM typed AS d JOIN pg_type AS t ON t.oid = d.type
  WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0)
)
SELECT a.attname, t.typname, format_type(a.atttypid, a.atttypmod), t.typtype::text, d.many,
  d.filled, a.attgenerated::text,
  (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum AS e
   WHERE e.enumtypid = t.oid),
  a.attcollation = 0 AND t.typtype <> 'e'
    OR coalesce(l.collisdeterministic, true) AND current_setting('server_encoding') = 'UTF8'
FROM typed AS d
JOIN pg_type AS t ON t.oid = d.type
JOIN pg_attribute AS a ON a.attrelid = %b AND a.attnum = d.attnum
LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
WHERE NOT (t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0))
ORDER BY a.attnum"""

_KEYS = """SELECT i.indisprimary, array_agg(a.attname::text ORDER BY k.place)
FROM pg_index AS i
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = %b AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
  AND k.place <= i.indnkeyatts
GROUP BY i.indexrelid, i.indisprimary ORDER BY i.indexrelid"""

_LEAVES = """SELECT n.nspname::text, c.relname::text
FROM pg_partition_tree(%b::oid) AS t JOIN pg_class AS c ON c.oid = t.relid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE t.isleaf AND c.relkind = 'r' ORDER BY 1, 2"""

_TRIGGERS = """SELECT t.tgname::text, n.nspname::text, c.relname::text, t.tgtype::int,
  t.tgenabled::text, t.tgqual IS NOT NULL, p.proname::text, p.prosrc, p.proconfig, p.prosecdef,
  t.tgparentid <> 0
FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS s ON s.oid = p.pronamespace
WHERE NOT t.tgisinternal AND s.nspname = %b AND left(t.tgname, 5) = '!fql_'
ORDER BY 1, 2, 3"""

_EARLIER = """SELECT t.tgname::text FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = %b AND c.relname = %b AND t.tgtype & 2 = 0
  AND t.tgname::text COLLATE "C" < '!fql_'"""

_FUNCTIONS = """SELECT p.proname::text FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = %b AND left(p.proname, 8) = 'capture_' AND p.pronargs = 0"""

_FINGERPRINT = """WITH named AS (
  SELECT c.oid FROM unnest(%b::text[], %b::text[]) AS w(schema, name)
  JOIN pg_namespace AS n ON n.nspname = w.schema
  JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name),
rels AS (
  SELECT oid FROM named UNION SELECT t.relid FROM named, pg_partition_tree(named.oid) AS t
  UNION SELECT to_regclass(%b) UNION SELECT to_regclass(%b)),
ours AS (
  SELECT p.oid, p.xmin FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
  WHERE n.nspname = %b)
SELECT md5(concat_ws('|',
  (SELECT string_agg(concat_ws(' ', c.oid, relnamespace, relname, relkind), ',' ORDER BY c.oid)
   FROM pg_class AS c WHERE c.oid IN (SELECT oid FROM rels)),
  (SELECT string_agg(concat_ws(' ', a.attrelid, a.attnum, a.xmin), ',' ORDER BY attrelid, attnum)
   FROM pg_attribute AS a WHERE a.attnum > 0 AND a.attrelid IN (SELECT oid FROM rels)),
  (SELECT string_agg(concat_ws(' ', t.oid, t.xmin), ',' ORDER BY t.oid) FROM pg_trigger AS t
   WHERE t.tgrelid IN (SELECT oid FROM rels) OR t.tgfoid IN (SELECT oid FROM ours)),
  (SELECT string_agg(concat_ws(' ', o.oid, o.xmin), ',' ORDER BY o.oid) FROM ours AS o)))"""

_REVISION = re.compile(r"fql_revision CONSTANT integer := (\d+);")

_GENERATED: Mapping[str, Generated] = {"s": "stored", "v": "virtual"}


class Present(NamedTuple):
    """A trigger of ours in the database, and its function. `type` is `tgtype`, `enabled` is
    `tgenabled`; `cloned`, that it came to a partition from its parent."""

    name: str
    schema: str
    table: str
    type: int
    enabled: str
    tested: bool
    function: str
    body: str
    settings: tuple[str, ...]
    definer: bool
    cloned: bool

    @property
    def mark(self) -> Mark | None:
        """What its function says of itself."""
        return read_mark(self.body)


def table_facts(connection: Connection, schema: str, name: str) -> TableFacts | None:
    """What the database says about a table or view; None when there is none of that name."""
    found = connection.execute(_TABLE, (schema, name)).fetchone()
    if found is None:
        return None
    oid, kind, children = found
    keys = connection.execute(_KEYS, (oid,)).fetchall()
    inside = connection.execute(_LEAVES, (oid,)).fetchall() if kind == "p" else [(schema, name)]
    return TableFacts(
        schema=schema,
        name=name,
        columns=_columns(connection, oid),
        primary_key=next((tuple(columns) for primary, columns in keys if primary), ()),
        unique=tuple(tuple(columns) for primary, columns in keys if not primary),
        kind=kind,
        leaves=tuple(quoted_table(*leaf) for leaf in inside),
        children=children,
    )


def _columns(connection: Connection, oid: int) -> dict[str, Column]:
    return {
        name: Column(
            type=type_,
            declared=declared,
            kind=kind,
            array=many,
            not_null=filled,
            generated=_GENERATED.get(generated, ""),
            members=tuple(members or ()),
            exact=exact,
        )
        for name, type_, declared, kind, many, filled, generated, members, exact in (
            connection.execute(_COLUMNS, (oid, oid)).fetchall()
        )
    }


def quoted_table(schema: str, name: str) -> str:
    """A table as SQL names it."""
    return f"{quoted_name(schema)}.{quoted_name(name)}"


def tables_named(connection: Connection, tables: Iterable[tuple[str, str]]) -> dict[
    tuple[str, str], TableFacts
]:  # fmt: skip
    """The facts of those of these tables that exist, by schema and name."""
    found = {table: table_facts(connection, *table) for table in dict.fromkeys(tables)}
    return {table: facts for table, facts in found.items() if facts is not None}


def triggers_of(connection: Connection, names: Names) -> list[Present]:
    """The triggers of this project: those that call a function in its schema."""
    rows = connection.execute(_TRIGGERS, (names.schema,)).fetchall()
    return [Present._make((*row[:8], tuple(row[8] or ()), *row[9:])) for row in rows]


def revisions_of(connection: Connection, names: Names) -> dict[str, int]:
    """Under which revision the function of each entity was made, as its body says."""
    found = {}
    for one in triggers_of(connection, names):
        revision = _REVISION.search(one.body)
        if one.mark is not None and revision is not None:
            found[one.mark.entity] = int(revision[1])
    return found


def fingerprint(connection: Connection, tables: Iterable[tuple[str, str]], names: Names) -> str:
    """A hash of the rows of the catalogs that tell of these tables, their triggers and ours, our
    functions and our tables. It changes with each change of them: a row of a catalog that is
    written carries the transaction that wrote it."""
    listed = list(tables)
    schemas, named = [schema for schema, _ in listed], [name for _, name in listed]
    given = (schemas, named, names.outbox, names.source, names.schema)
    row = connection.execute(_FINGERPRINT, given).fetchone()
    return str(row[0]) if row is not None else ""


def functions_of(connection: Connection, names: Names) -> list[str]:
    """The functions of triggers in this project's schema."""
    return [name for (name,) in connection.execute(_FUNCTIONS, (names.schema,))]


def earlier_triggers(connection: Connection, tables: Iterable[tuple[str, str]]) -> list[str]:
    """Triggers of the application on these tables that fire before ours: their names sort first."""
    found = [row for table in tables for row in connection.execute(_EARLIER, table)]
    return sorted({name for (name,) in found})
