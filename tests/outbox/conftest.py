"""A database with an `orders` table, and what its outbox holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fql.exact.reading import read_json
from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.tables import KEPT, OUTBOX_COLUMNS, Names
from fql.outbox.sqlite.values import Text, rows_in_json
from fql.plan.model import Plan

ORDERS = """CREATE TABLE orders (
  id INTEGER PRIMARY KEY, email TEXT UNIQUE, status TEXT, total NUMERIC, paid BOOLEAN, at TEXT)"""

MAIN = Names()
Told = list[tuple[str, object, object]]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An application's own connection, each statement its own transaction."""
    connection = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(ORDERS)
    yield connection
    connection.close()


@pytest.fixture
def captured(database: sqlite3.Connection) -> Callable[[Plan], sqlite3.Connection]:
    """Install capture for a plan and give the application's connection back."""

    def install_it(plan: Plan) -> sqlite3.Connection:
        assert install(database, plan, Names())[0].in_step
        return database

    return install_it


class Kept(NamedTuple):
    """A row of the outbox, its rows as capture hands them to the engine, still raw."""

    entity: str
    event: str
    new: dict[str, Any] | None
    old: dict[str, Any] | None
    problem: str


def kept(connection: sqlite3.Connection, names: Names = MAIN) -> list[Kept]:
    """The events in the outbox in order."""
    connection.text_factory = Text
    rows = connection.execute(
        f"SELECT entity, event, new, old, raw, o.* FROM {names.outbox} AS o ORDER BY seq"
    ).fetchall()
    connection.text_factory = str
    return [_kept(row[:5], row[5 + len(OUTBOX_COLUMNS) :]) for row in rows]


def _kept(known: tuple[Any, ...], values: tuple[object, ...]) -> Kept:
    entity, event, new, old, raw = known
    problem = ""
    if raw == KEPT:
        new, old, problem = rows_in_json(new, old, values)
    rows: list[Any] = [None if side is None else read_json(side) for side in (new, old)]
    return Kept(entity.decode(), event.decode(), rows[0], rows[1], problem)


def told(connection: sqlite3.Connection) -> Told:
    """The events in the outbox in order, as (event, status or key of old, of new), then empty."""
    found = [(row.event, _brief(row.old), _brief(row.new)) for row in kept(connection)]
    connection.execute("DELETE FROM fql_main_outbox")
    return found


def _brief(row: dict[str, Any] | None) -> object:
    """Both are always captured in these tests."""
    return None if row is None else (row["id"], row["status"])
