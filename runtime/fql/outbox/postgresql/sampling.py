"""How the tables of a PostgreSQL database fit the entities over them, and their first rows as
capture would read them. Changes nothing."""

# ruff: noqa: S608  (every name is quoted)
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from psycopg.errors import Error

from fql.exact.reading import read_object
from fql.outbox.fitting import Misfit, misfits, unreadable
from fql.outbox.postgresql.capture.facts import TableFacts, table_name
from fql.outbox.postgresql.capture.fits import fit_table
from fql.outbox.postgresql.capture.functions import SETTINGS
from fql.outbox.postgresql.catalog import quoted_table, tables_named
from fql.outbox.postgresql.connection import Connection
from fql.outbox.postgresql.rows import RowReader, row_reader
from fql.outbox.sampling import SAMPLE, Sample, Sampled, judged_sample, shown_key
from fql.outbox.wanted import column_name, wanted_of
from fql.plan.model import Entity, Plan
from fql.sql.text import quoted_name, quoted_text

MOST_BYTES = 16_000_000
"""Of the rows of one sample, except for the last one."""
PATIENCE = "5s"
"""How long a table that is locked is waited for."""

_KNOWN = """SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname NOT LIKE 'fql\\_%%'
AND n.nspname <> 'information_schema' ORDER BY 1 LIMIT 10000"""


def examined(connection: Connection, plan: Plan) -> tuple[list[Misfit], list[Sample]]:
    """How the tables of watched entities fit, and their first rows."""
    entities = [wanted.entity for wanted in wanted_of(plan)]
    facts = tables_named(connection, map(table_name, entities))
    tables = {e.table: facts[table_name(e)] for e in entities if table_name(e) in facts}
    known = [name for (name,) in connection.execute(_KNOWN)]
    fits = {name: fit_table(found) for name, found in tables.items()}
    unfit = misfits(plan, entities, fits, known)
    absent = unreadable(unfit)
    sampled = [
        sample(connection, plan, entity, tables[entity.table])
        for entity in entities
        if entity.name not in absent
    ]
    return unfit, [one for one in sampled if one is not None]


def sample(
    connection: Connection, plan: Plan, entity: Entity, table: TableFacts, limit: int = SAMPLE
) -> Sample | None:
    """Read up to `limit` rows; None where this role may not, or the table is locked."""
    try:
        with connection.transaction(force_rollback=True):
            rows = _first_rows(connection, entity, table, limit)
    except Error:
        return None
    return judged_sample(plan, entity, fit_table(table).name, _sampled(entity, table, rows))


def _first_rows(
    connection: Connection, entity: Entity, table: TableFacts, limit: int
) -> Sequence[tuple[str, Sequence[str]]]:
    """Each as JSON, written as the function of capture writes it, with its key."""
    settings = {**SETTINGS, "lock_timeout": PATIENCE, "statement_timeout": PATIENCE}
    pairs = (f"set_config({quoted_text(k)}, {quoted_text(v)}, true)" for k, v in settings.items())
    connection.execute(f"SELECT {', '.join(pairs)}".encode())
    columns = ", ".join(quoted_name(column_name(field)) for field in entity.fields)
    key = ", ".join(f"coalesce({quoted_name(name)}::text, '')" for name in _key(entity, table))
    on = quoted_table(table.schema, table.name)
    query = f"""SELECT row, key FROM (
  SELECT row, key, sum(octet_length(row)) OVER (ROWS UNBOUNDED PRECEDING)
    - octet_length(row) AS before
  FROM (
    SELECT (SELECT to_json(fql_row)::text FROM (SELECT {columns}) AS fql_row) AS row,
      ARRAY[{key}]::text[] AS key
    FROM {on} LIMIT {limit}) AS found
) AS counted WHERE before < {MOST_BYTES}"""
    return connection.execute(query.encode()).fetchall()


def _key(entity: Entity, table: TableFacts) -> list[str]:
    return list(table.primary_key) or [column_name(f) for f in entity.fields if f.key]


def _sampled(
    entity: Entity, table: TableFacts, rows: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[Sampled]:
    reader, key = row_reader(entity.fields), _key(entity, table)
    for text, values in rows:
        yield _read_sample(reader, text, shown_key(key, values))


def _read_sample(reader: RowReader, text: str, key: str) -> Sampled:
    try:
        row: Mapping[str, object] = read_object(text)
        return Sampled(key, reader(row, True))
    except ValueError as error:
        return Sampled(key, {}, str(error))
