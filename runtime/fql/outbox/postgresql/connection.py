"""The one place that opens connections to PostgreSQL, for store and source alike.

A connection is synchronous and used on one thread. It suits a pooler in transaction mode: no
session settings behind one, no prepared statements unless asked for, nothing in startup that a
pooler refuses. Each wait for the server ends at the latest `patience` seconds after a statement was
sent.

Importing this module without psycopg raises SettingsError, so code that can do without it imports
it late.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fql.errors import FqlError, SettingsError, StoreError, StoreFull, StoreGone, not_installed

try:
    import psycopg
    from psycopg import conninfo, errors
    from psycopg.abc import PQGen
except ImportError as missing:
    raise not_installed("PostgreSQL", "psycopg", "postgres") from missing

T = TypeVar("T")
Row = tuple[Any, ...]

CONNECT_SECONDS = 10
PATIENCE_SECONDS = 30.0
"""How long a statement may take, unless the caller says otherwise."""
OLDEST = 140000
"""The oldest server, as `server_version_num`: PostgreSQL 14."""

_ALIVE = {
    "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
}  # fmt: skip
_LOOK = """SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4,
pg_catalog.current_setting('default_transaction_isolation'), pg_catalog.pg_backend_pid()"""
_LOCK = """SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(%b, 0))"""
_TIMES = b"""SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0;
SET idle_in_transaction_session_timeout = '30s'"""
"""Whatever is set for the role: a wait has an end on our side, and a process that is stopped within
a transaction keeps nobody waiting for longer than half a minute."""
_FULL = (errors.DiskFull, errors.OutOfMemory, errors.ConfigurationLimitExceeded)
_GONE = (errors.UndefinedTable, errors.InvalidSchemaName, errors.InvalidCatalogName)
_RIGHTS = (errors.InsufficientPrivilege, errors.InvalidPassword,
           errors.InvalidAuthorizationSpecification)  # fmt: skip


class Connection(psycopg.Connection[Row]):
    """A connection in autocommit. After a statement was not answered in `patience` seconds it is
    closed, since nobody knows what became of it."""

    patience: float = PATIENCE_SECONDS
    pooled: bool = False
    """A pooler is between: nothing that lasts longer than a transaction can be used."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Psycopg's own wait, with an end. Raises OperationalError after it."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        began = time.monotonic()
        try:
            return super().wait(gen, interval, self.patience)
        except errors.OperationalError as late:
            if late.sqlstate is not None or time.monotonic() - began < self.patience:
                raise
            self.close()
            raise errors.OperationalError(
                f"the server did not answer within {self.patience:g} seconds"
            ) from late


def connect(
    url: str,
    *,
    application: str = "fqlc",
    patience: float = PATIENCE_SECONDS,
    prepare_threshold: int | None = None,
) -> Connection:
    """A connection to the server at `url` (a URL or `key=value` pairs), in autocommit and READ
    COMMITTED. `application` is the name that the server shows; `patience` is in seconds;
    `prepare_threshold` is psycopg's. Raises SettingsError for an invalid url, and StoreError.
    """
    try:
        given = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise SettingsError(f"{url} cannot be used: {_words(error)}", hint=_SHAPE) from error
    known: dict[str, Any] = {
        "application_name": application, "connect_timeout": CONNECT_SECONDS, **_ALIVE, **given,
    }  # fmt: skip
    with in_words(f"PostgreSQL at {url}"):
        connection = Connection.connect(
            **{**known, "client_encoding": "utf8"},
            autocommit=True,
            prepare_threshold=prepare_threshold,
        )
        connection.patience = patience
        try:
            _require(connection, url)
        except BaseException:
            connection.close()
            raise
    return connection


def wait_for_lock(connection: Connection, name: str) -> None:
    """Wait until no other transaction holds the lock of this name; it ends with this one."""
    connection.execute(_LOCK, (name,))


_SHAPE = "write it as postgresql://user:password@host:5432/database"


def _require(connection: Connection, url: str) -> None:
    row = connection.execute(_LOOK).fetchone()
    version, isolation, process = row if row is not None else (0, "", 0)
    if version < OLDEST:
        raise StoreError(
            f"PostgreSQL at {url} is version {version // 10000}, and fqlc needs"
            f" {OLDEST // 10000} or later",
            hint="upgrade the server",
        )
    if isolation != "read committed":
        raise StoreError(
            f"PostgreSQL at {url} starts transactions as {isolation} for this role, and fqlc needs"
            " read committed",
            hint="ALTER ROLE ... SET default_transaction_isolation = 'read committed'",
        )
    connection.pooled = process != connection.info.backend_pid
    if not connection.pooled:
        connection.execute(_TIMES, prepare=False)


@contextmanager
def in_words(about: str) -> Iterator[None]:
    """Turns what psycopg raises into StoreError, which begins with `about`: StoreFull where no
    space is left, StoreGone where the database, a schema or a table is not there."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error, about) from error


def translated(error: psycopg.Error, about: str) -> FqlError:
    """The same error in our own words."""
    text = f"{about}: {_words(error)}"
    if isinstance(error, _FULL):
        return StoreFull(text, hint="free space on the server; work resumes by itself")
    if isinstance(error, _GONE):
        return StoreGone(text, hint="create it again, or correct the url")
    if isinstance(error, _RIGHTS):
        return StoreError(text, hint="grant the role what docs/reference/capture.md lists")
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return StoreError(text, hint="this server is a standby: give the url of the primary")
    return StoreError(text)


def _words(error: psycopg.Error) -> str:
    """What the server said, on one line."""
    said = error.diag.message_primary or str(error) or type(error).__name__
    return " ".join(said.split())
