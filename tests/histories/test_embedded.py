"""A runtime inside an application reads the sources of its settings."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import fql.outbox
from fql import Runtime, load_settings
from fql.errors import SettingsError
from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.testing import MockWebhookServer
from fqlc import compile_text

SOURCE = """
entity Order { id: Int @key status: String }
observer placed { on: Order.insert webhook tell { url: "${RECEIVER}" body: { id } } }
"""
SETTINGS = """[egress]
allow = ["127.0.0.1/32"]
[sources.shop]
kind = "sqlite"
database = "shop.db"
"""


def plan() -> Plan:
    compilation = compile_text(SOURCE)
    assert compilation.plan is not None
    return read_plan(compilation.plan)


async def test_events_of_the_applications_transactions_are_delivered(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """The paths of the file start from its folder."""
    (tmp_path / "fql.toml").write_text(SETTINGS)
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders(id)")
        fql.outbox.emit(connection, "Order.insert", new={"id": 1, "status": "new"})
    settings = load_settings(tmp_path / "fql.toml")
    environment = {"RECEIVER": webhook_server.url}
    store = f"sqlite:///{tmp_path}/fql.db"
    async with Runtime(plan(), settings=settings, store=store, environment=environment) as runtime:
        await runtime.until_idle(30)
        with connection:
            fql.outbox.emit(connection, "Order.insert", new={"id": 2, "status": "new"})
        await runtime.until_idle(30)
    connection.close()
    assert [request.payload for request in webhook_server.requests] == [{"id": 1}, {"id": 2}]


def test_one_database_is_one_source(tmp_path: Path) -> None:
    """Two would each get some of the events."""
    again = SETTINGS.partition("[sources")[2].replace(".shop]", "[sources.again]", 1)
    (tmp_path / "fql.toml").write_text(SETTINGS + again)
    with pytest.raises(SettingsError, match="are the same database"):
        Runtime(plan(), settings=load_settings(tmp_path / "fql.toml"))
