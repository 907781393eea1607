"""Dead letters as a relation of PostgreSQL, for whoever reads SQL: a view of the store's own
entries where the store is in that database, else a table of copies. Both have the same columns.

What is there under the name already is never replaced: it must be ours, and of this store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import conninfo, errors, sql

from fql.errors import SettingsError, StoreError
from fql.exact.writing import json_text
from fql.outbox.postgresql.connection import (
    Connection,
    connect,
    in_words,
    translated,
    wait_for_lock,
)

COLUMNS = (
    ("dlq_id", "text NOT NULL"), ("observer", "text"), ("action", "text"), ("run", "text"),
    ("entity", "text"), ("event", "text"), ("event_id", "text"), ("class", "text"),
    ("reason", "text"), ("failed_at", "timestamptz"), ("state", "text"), ("handled", "boolean"),
    ("attempts", "json"), ("request", "json"), ("plan_digest", "text"), ("key", "text"),
    ("batch", "text"), ("envelope", "json"), ("store", "text NOT NULL"),
)  # fmt: skip
_JSON = frozenset(name for name, kind in COLUMNS if kind == "json")

_VIEW = """CREATE VIEW {view} AS SELECT l.dlq_id, l.observer, l.action,
  'run_' || to_hex(l.run) AS run, l.entity, l.event, l.event_id, l.class, l.reason,
  to_timestamp(l.failed_at / 1000.0) AS failed_at, l.state, l.handled <> 0 AS handled,
  (SELECT coalesce(json_agg(json_build_object('number', a.number,
    'at', to_timestamp(a.at / 1000.0), 'status', a.status, 'failure', a.failure,
    'error', a.error, 'duration_ms', a.duration_ms, 'response_start', a.response_start)
    ORDER BY a.at, a.number), '[]') FROM {schema}.fql_attempt a
   WHERE a.owner IN (l.run, l.batch) AND a.node = l.node) AS attempts,
  l.request::json AS request, l.plan_digest, l.key, 'bat_' || to_hex(l.batch) AS batch,
  convert_from(l.payload, 'UTF8')::json AS envelope,
  (SELECT m.value FROM {schema}.fql_meta m WHERE m.name = 'identity') AS store
FROM {schema}.fql_letter l"""
_FOUND = """SELECT c.relkind::text, coalesce(obj_description(c.oid, 'pg_class'), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %b AND c.relname = %b"""


@dataclass(frozen=True, slots=True)
class Relation:
    """Where the relation is: the URL of its database, its schema and its name."""

    url: str
    schema: str
    name: str

    @property
    def shown(self) -> str:
        """As it is written in SQL."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """The same, quoted where that is needed."""
        return sql.Identifier(self.schema, self.name)


def same_database(one: str, other: str) -> bool:
    """Whether two URLs lead to one database, whoever connects. Raises SettingsError."""
    return _target(one) == _target(other)


def _target(url: str) -> tuple[str, str, str]:
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise SettingsError(f"{url} cannot be used: {error}") from error
    host, port = str(parts.get("host") or ""), str(parts.get("port") or "5432")
    return host, port, str(parts.get("dbname") or parts.get("user") or "")


def show_letters(view: Relation, store_schema: str) -> None:
    """Make the view of the store's dead letters where it is not there yet. Raises SettingsError
    for a name that is taken, StoreError."""
    mark = f"dead letters of fqlc in {store_schema}"
    statement = sql.SQL(_VIEW).format(view=view.identifier, schema=sql.Identifier(store_schema))
    _make(view, "v", mark, statement)


@dataclass(frozen=True, slots=True)
class LetterTable:
    """Copies of dead letters of the store with the id `store`: a row each while it is open."""

    table: Relation
    store: str

    def open(self) -> None:
        """Make the table where it is not there yet. Raises SettingsError, StoreError."""
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS)
        text = f"CREATE TABLE {{table}} ({columns}, PRIMARY KEY (store, dlq_id))"
        statement = sql.SQL(text).format(table=self.table.identifier)
        _make(self.table, "r", "copies of dead letters of fqlc", statement)

    def append(self, entries: Sequence[Mapping[str, object]], now: datetime) -> None:  # noqa: ARG002
        """Write what is dead and delete what has left the queue; durable on return. Raises
        StoreError."""
        about = f"the dead letters in {self.table.shown}"
        connection = connect(self.table.url, application="fqlc dlq")
        with in_words(about), connection, connection.transaction():
            for entry in entries:
                self._put(connection, entry)

    def tend(self, now: datetime) -> None:
        """Age and size are the store's to judge: what it removes is deleted here as well."""

    def _put(self, connection: Connection, entry: Mapping[str, object]) -> None:
        if "observer" not in entry:
            delete = sql.SQL("DELETE FROM {} WHERE store = %s AND dlq_id = %s")
            connection.execute(delete.format(self.table.identifier), (self.store, entry["dlq_id"]))
            return
        values = {**entry, "store": self.store}
        names = [name for name, _ in COLUMNS]
        row = [_written(values[name], json=name in _JSON) for name in names]
        put = sql.SQL(
            "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (store, dlq_id) DO UPDATE SET {}"
        ).format(
            self.table.identifier,
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join([sql.Placeholder()] * len(names)),
            sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in names
            ),
        )
        connection.execute(put, row)


def _written(value: object, *, json: bool) -> object:
    """A value for its column; a text of PostgreSQL holds no NUL."""
    if json:
        return None if value is None else json_text(value)
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _make(relation: Relation, kind: str, mark: str, statement: sql.Composed) -> None:
    with connect(relation.url, application="fqlc dlq") as connection:
        if _is_there(connection, relation, kind, mark):
            return
        try:
            with connection.transaction():
                wait_for_lock(connection, f"fql letters {relation.shown}")
                if not _is_there(connection, relation, kind, mark):
                    connection.execute(statement)
                    about = "VIEW" if kind == "v" else "TABLE"
                    comment = sql.SQL(f"COMMENT ON {about} {{}} IS {{}}")
                    connection.execute(comment.format(relation.identifier, sql.Literal(mark)))
        except errors.InsufficientPrivilege as problem:
            raise StoreError(
                f"dead letters cannot be shown as {relation.shown}: {problem.diag.message_primary}",
                hint=f"GRANT USAGE, CREATE ON SCHEMA {relation.schema} to the engine's role, or"
                " name another `schema` in [webhooks.dlq]",
            ) from problem
        except errors.InvalidSchemaName as problem:
            raise SettingsError(
                f"dead letters cannot be shown as {relation.shown}: there is no such schema",
                hint=f"CREATE SCHEMA {relation.schema}, or correct `schema` in [webhooks.dlq]",
            ) from problem
        except psycopg.Error as problem:
            raise translated(problem, f"the dead letters in {relation.shown}") from problem


def _is_there(connection: Connection, relation: Relation, kind: str, mark: str) -> bool:
    """Whether it is there and ours. Raises SettingsError for another one of this name."""
    found = connection.execute(_FOUND, (relation.schema, relation.name)).fetchone()
    if found is None:
        return False
    if tuple(found) != (kind, mark):
        about = found[1] or "not of fqlc"
        raise SettingsError(
            f"dead letters cannot be shown as {relation.shown}: that name is taken ({about})",
            hint="name another `table` or `schema` in [webhooks.dlq]",
        )
    return True
