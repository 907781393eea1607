"""A database with an `orders` table, and what its outbox holds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fql.outbox.installing import install
from fql.outbox.tables import Names
from fql.plan.model import Plan

ORDERS = """CREATE TABLE orders (
  id INTEGER PRIMARY KEY, email TEXT UNIQUE, status TEXT, total NUMERIC, paid BOOLEAN, at TEXT)"""

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


def told(connection: sqlite3.Connection) -> Told:
    """The events in the outbox in order, as (event, status or key of old, of new), then empty."""
    rows = connection.execute("SELECT event, old, new FROM fql_main_outbox ORDER BY seq").fetchall()
    connection.execute("DELETE FROM fql_main_outbox")
    return [(event, _brief(old), _brief(new)) for event, old, new in rows]


def _brief(text: str | None) -> object:
    if text is None:
        return None
    row = json.loads(text)
    return row["id"], row["status"]  # both are always captured in these tests
