"""A PostgreSQL database with an `orders` table, and what its outbox holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from fql.outbox.postgresql.connection import Connection, connect
from fql.outbox.postgresql.installing import install
from fql.outbox.postgresql.names import Names
from fql.plan.model import Plan

ORDERS = """CREATE TABLE orders (id int PRIMARY KEY, email text, status text NOT NULL,
total numeric, paid boolean, at timestamptz)"""

Application = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def app(postgresql_url: str) -> Iterator[Application]:
    """An application's own connection, each statement its own transaction."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(ORDERS)
        yield connection


@pytest.fixture
def ours(postgresql_url: str, app: Application) -> Iterator[Connection]:
    """A connection as `fqlc capture` has it."""
    with connect(postgresql_url) as connection:
        yield connection


@pytest.fixture
def captured(ours: Connection) -> Callable[[Plan], None]:
    """Install capture for a plan."""

    def install_it(plan: Plan) -> None:
        status, _ = install(ours, plan, Names())
        assert status.in_step, status

    return install_it


def told(app: Application) -> list[tuple[Any, ...]]:
    """The events in the outbox in order, as (event, old, new, problem), which is then empty."""
    rows = app.execute("SELECT event, old, new, problem FROM fql_main.outbox ORDER BY seq")
    found = rows.fetchall()
    app.execute("DELETE FROM fql_main.outbox")
    return found
