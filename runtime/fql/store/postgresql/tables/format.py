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
_HOLDER = """SELECT holder FROM {s}.fql_session
  WHERE state = 'live' AND expires > clock_timestamp() LIMIT 1"""
_ACTIVATED = """INSERT INTO {s}.fql_active(short, generation, at)
  SELECT p.short, row_number() OVER (ORDER BY m.value IS NOT NULL, p.at), p.at FROM {s}.fql_plan p
  LEFT JOIN {s}.fql_meta m ON m.name = 'active' AND m.value = p.short"""
"""Each plan of a store was active once."""
_NAMES = tuple(table.name for table in schema.TABLES)


def bring_up(wire: Wire, where: str) -> None:
    """Check the tables of the store, make them where there are none, or add what an older format
    lacks. Raises StoreError."""
    _check_server(wire, where)
    if _found_format(wire, where) == schema.FORMAT:
        return
    with wire.connection.transaction():
        wire.run(_LOCK, (text(f"fql tables {wire.schema}"),))
        found = _found_format(wire, where)
        if found is None:
            _create(wire)
        elif found < schema.FORMAT:
            _upgrade(wire, where)


def holds_store(wire: Wire, where: str) -> bool:
    """Whether the schema has the tables of a store; it only reads. Raises StoreError for a newer
    format, and for tables of these names that are not ours."""
    return _found_format(wire, where) is not None


def _found_format(wire: Wire, where: str) -> int | None:
    """The format of the store in the schema, None where there is none. Raises StoreError where it
    is not whole."""
    found = {row[0] for row in wire.run(_TABLES, (text(wire.schema), texts(_NAMES)))}
    if not found:
        return None
    number = _checked_format(wire, where) if "fql_meta" in found else schema.FORMAT
    lacking = _lacking(wire)
    if lacking and number == schema.FORMAT:
        raise StoreError(
            f"the schema of the store {where} does not hold a whole store: {lacking[0]} is missing",
            hint="choose another schema with `schema` in [store], or restore the tables",
        )
    return number


def _checked_format(wire: Wire, where: str) -> int:
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
    if int(found) < schema.OLDEST:
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
    return int(found)


def _upgrade(wire: Wire, where: str) -> None:
    """Add what is lacking, and note the plans of then. An engine of the older format must not be
    at work: it knows nothing of what is new. Raises StoreError."""
    wire.run("LOCK TABLE {s}.fql_session IN SHARE ROW EXCLUSIVE MODE")
    holder = wire.one(_HOLDER)
    if holder is not None:
        raise StoreError(
            f"the store {where} has an older format and is in use: its engine is process"
            f" {holder[0]}",
            hint="stop that process, which runs an older fql; then the store is upgraded",
        )
    tables = {row[0] for row in wire.run(_TABLES, (text(wire.schema), texts(_NAMES)))}
    lacking = {one.split(" ")[0] for one in _lacking(wire)} | set(_NAMES) - tables
    for made in schema.addition(wire.schema, lacking):
        wire.connection.execute(made, prepare=False)
    wire.run("ALTER TABLE {s}.fql_pace DROP COLUMN IF EXISTS granted")
    wire.run(_ACTIVATED)
    wire.run("DELETE FROM {s}.fql_meta WHERE name = 'active'")
    wire.run(
        "UPDATE {s}.fql_meta SET value = $1 WHERE name = 'version'", (text(str(schema.FORMAT)),)
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
