"""The tables of a store: made where they are missing and may be made, refused where they are not
ours or are of a newer version.

Where everything is there, nothing is written, and no right to create anything is needed. Two
processes that find nothing take turns: an advisory lock of the transaction keeps them apart.
"""

from __future__ import annotations

import uuid

from fql.errors import StoreError
from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8, text, texts

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_SCHEMA = "SELECT 1 FROM pg_namespace WHERE nspname = $1"
_TABLES = """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = ANY($2) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"""
_COLUMNS = """SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, -1)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n
  ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2) AND c.relkind = 'r'
  AND a.attnum > 0 AND NOT a.attisdropped"""
_VERSION = "SELECT value FROM {s}.fql_meta WHERE name = 'version'"
_NOTE = "INSERT INTO {s}.fql_meta(name, value) SELECT * FROM unnest($1::text[], $2::text[])"
_SHARDS = "INSERT INTO {s}.fql_shard(shard) SELECT generate_series(0, $1 - 1)"
_SERVER = """SELECT pg_is_in_recovery(), current_setting('synchronous_commit'),
  current_setting('server_encoding')"""
_NAMES = tuple(table.name for table in schema.TABLES)


def bring_up(wire: Wire, where: str) -> None:
    """Check the tables of the store, or make them where there are none. Raises StoreError."""
    _check_server(wire, where)
    if holds_store(wire, where):
        return
    with wire.connection.transaction():
        wire.run(_LOCK, (text(f"fql tables {wire.schema}"),))
        if not holds_store(wire, where):
            _create(wire)


def holds_store(wire: Wire, where: str) -> bool:
    """Whether the schema has the tables of a store; it only reads. Raises StoreError for a newer
    format, and for tables of these names that are not ours."""
    found = {row[0] for row in wire.run(_TABLES, (text(wire.schema), texts(_NAMES)))}
    if not found:
        return False
    if "fql_meta" in found:
        _check_format(wire, where)
    lacking = _lacking(wire)
    if lacking:
        raise StoreError(
            f"the schema of the store {where} does not hold a whole store: {lacking[0]} is missing",
            hint="choose another schema with `schema` in [store], or restore the tables",
        )
    return True


def _check_format(wire: Wire, where: str) -> None:
    columns = {row[0] for row in wire.run(_COLUMNS, (text(wire.schema), texts(["fql_meta"])))}
    if not {"fql_meta.name text", "fql_meta.value text"} <= columns:
        raise StoreError(
            f"the schema of the store {where} has a table fql_meta that does not belong to a store",
            hint="choose another schema with `schema` in [store]",
        )
    row = wire.one(_VERSION)
    found = row[0] if row is not None else "none"
    if not (found.isascii() and found.isdigit()) or int(found) < 1:
        raise StoreError(
            f"the store {where} has no readable format number: {found!r}",
            hint="restore it from a backup, or choose another schema with `schema` in [store]",
        )
    if int(found) < schema.FORMAT:
        raise StoreError(
            f"the store {where} was written by an early build of fql: it has format {found}",
            hint="let that build finish its work, and choose another schema with `schema` in"
            " [store]",
        )
    if int(found) > schema.FORMAT:
        raise StoreError(
            f"the store {where} was written by a newer version of fql: it has format {found},"
            f" this version reads up to {schema.FORMAT}",
            hint="update fql, or choose another schema with `schema` in [store]",
        )


def _lacking(wire: Wire) -> list[str]:
    """Columns that a store has and this schema lacks, as `table.column type`."""
    found = {row[0] for row in wire.run(_COLUMNS, (text(wire.schema), texts(_NAMES)))}
    wanted = [
        f"{table.name}.{name} {kind.name}"
        for table in schema.TABLES
        for name, kind in table.columns
    ]
    return [one for one in wanted if one not in found]


def _check_server(wire: Wire, where: str) -> None:
    row = wire.one(_SERVER)
    standby, durable, encoding = row if row is not None else (False, "", "")
    if standby:
        raise StoreError(
            f"the store {where} is on a standby, which takes no writes",
            hint="give the URL of the primary server; `target_session_attrs=read-write` in it"
            " finds it among several hosts",
        )
    if durable == "off":
        raise StoreError(
            f"the store {where} would lose commits in a crash: synchronous_commit is off for"
            " this role or database",
            hint="ALTER ROLE ... SET synchronous_commit = on",
        )
    if encoding != "UTF8":
        raise StoreError(
            f"the database of {where} keeps texts as {encoding}, and a store needs UTF8: an"
            " event may hold any character",
            hint="give a database that was made with ENCODING 'UTF8' TEMPLATE template0",
        )


def _create(wire: Wire) -> None:
    if not wire.run(_SCHEMA, (text(wire.schema),)):
        wire.run("CREATE SCHEMA {s}")
    for made in schema.creation(wire.schema):
        wire.connection.execute(made, prepare=False)
    names = ["version", "identity", "shards"]
    noted = [str(schema.FORMAT), uuid.uuid4().hex, str(schema.SHARDS)]
    wire.run(_NOTE, (texts(names), texts(noted)))
    wire.run(_SHARDS, (int8(schema.SHARDS),))
