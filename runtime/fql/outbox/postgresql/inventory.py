"""All tables of a PostgreSQL database at once, with their comments. Changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from fql.outbox.postgresql.capture.facts import (
    Column,
    Described,
    Generated,
    Named,
    TableFacts,
)
from fql.outbox.postgresql.connection import Connection

_OURS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT LIKE 'fql\\_%'"
_RELATIONS = f"""SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text,
  obj_description(c.oid, 'pg_class')
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'c') AND NOT c.relispartition AND {_OURS}
  AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass
    AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 2, 3"""  # noqa: S608 - a constant
_COLUMNS = """WITH RECURSIVE typed AS (
  SELECT a.attrelid, a.attnum, a.atttypid AS type, a.attnotnull AS filled, false AS many,
    a.attndims::int AS dimensions
  FROM pg_attribute AS a
  WHERE a.attrelid = ANY(%b) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT d.attrelid, d.attnum, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END,
    d.filled OR (t.typtype = 'd' AND t.typnotnull AND NOT d.many), d.many OR t.typcategory = 'A',
    greatest(d.dimensions, t.typndims::int)
  FROM typed AS d JOIN pg_type AS t ON t.oid = d.type
  WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0)
)
SELECT d.attrelid, a.attname::text, t.typname::text, n.nspname::text,
  format_type(a.atttypid, a.atttypmod), t.typtype::text, d.many, d.filled, a.attgenerated::text,
  (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum AS e
   WHERE e.enumtypid = t.oid),
  d.dimensions::int, col_description(a.attrelid, a.attnum)
FROM typed AS d
JOIN pg_type AS t ON t.oid = d.type JOIN pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_attribute AS a ON a.attrelid = d.attrelid AND a.attnum = d.attnum
WHERE NOT (t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0))
ORDER BY d.attrelid, a.attnum"""
_KEYS = """SELECT i.indrelid, i.indisprimary, array_agg(a.attname::text ORDER BY k.place)
FROM pg_index AS i
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = ANY(%b) AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
  AND k.place <= i.indnkeyatts
GROUP BY i.indrelid, i.indexrelid, i.indisprimary ORDER BY i.indexrelid"""
_GENERATED: Mapping[str, Generated] = {"s": "stored", "v": "virtual"}


def inventory(connection: Connection) -> list[Described]:
    """All tables, views and composite types of the application, by schema and name, in one
    transaction that only reads."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        relations = connection.execute(_RELATIONS).fetchall()
        oids = [row[0] for row in relations]
        columns = _columns(connection, oids)
        keys = connection.execute(_KEYS, (oids,)).fetchall()
    unique: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    primary: dict[int, tuple[str, ...]] = {}
    for oid, is_primary, names in keys:
        if is_primary:
            primary[oid] = tuple(names)
        else:
            unique[oid].append(tuple(names))
    found = []
    for oid, schema, name, kind, comment in relations:
        named = columns.get(oid, {})
        facts = TableFacts(schema, name, {n: one.fact for n, one in named.items()}, kind=kind)
        facts = replace(facts, primary_key=primary.get(oid, ()), unique=tuple(unique[oid]))
        found.append(Described(facts, named, comment or ""))
    return found


def _columns(connection: Connection, oids: list[int]) -> dict[int, dict[str, Named]]:
    found: dict[int, dict[str, Named]] = defaultdict(dict)
    for row in connection.execute(_COLUMNS, (oids,)):
        oid, name, type_, schema, declared, kind, many, filled, generated, members, size, said = row
        fact = Column(
            type=type_,
            declared=declared,
            kind=kind,
            array=many,
            not_null=filled,
            generated=_GENERATED.get(generated, ""),
            members=tuple(members or ()),
        )
        found[oid][name] = Named(fact, schema, size, said or "")
    return found
