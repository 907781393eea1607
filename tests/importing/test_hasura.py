"""Event triggers of Hasura: observers that send Hasura's own envelope."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.plan.stored.codec import read_plan
from fql.testing import MockWebhookServer
from fqlc import compile_text, format_text
from fqlc.importing.model import Catalog
from fqlc.importing.observers.hasura import read_hasura
from tests.importing.importing import imported, ran

TABLES = """- table: {schema: public, name: orders}
  event_triggers:
  - name: order changed
    definition:
      enable_manual: true
      insert: {columns: '*'}
      update: {columns: [status, note]}
    retry_conf: {interval_sec: 15, num_retries: 2, timeout_sec: 20}
    webhook: '{{THERE}}/orders'
    headers:
    - {name: X-Key, value_from_env: KEY}
    - {name: X-Kind, value: order}
- table: {schema: public, name: items}
"""
WANTED = """observer order_changed {
  on: [Order.insert, Order.update]
  when: _event != "update" || status.changed() || note.changed()
  # `enable_manual` of Hasura has no counterpart: write it by hand if it is needed
  webhook call_hook {
    url: "${THERE}/orders"
    timeout: 20s
    retry: { max_attempts: 3, backoff: fixed, initial_delay: 15s, max_delay: 15s, jitter: none }
    headers: { "X-Key": "${KEY}", "X-Kind": "order" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database and the metadata over it."""
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("shop.db") as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT, note TEXT)")
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY)")
    place = tmp_path / "metadata" / "databases" / "default" / "tables"
    place.mkdir(parents=True)
    (place / "tables.yaml").write_text(TABLES)
    return tmp_path


async def test_the_envelope_is_hasuras(folder: Path, webhook_server: MockWebhookServer) -> None:
    text = imported("--from", "hasura", "metadata", "--database", "shop.db")
    assert WANTED in text
    assert format_text(text) == text
    assert "Item" not in text
    plan = read_plan(compile_text(text).plan_or_raise())
    given = {"THERE": webhook_server.url, "KEY": "k" * 20}
    old = {"id": 1, "status": "new", "note": None}
    async with Runtime(plan, store="memory:", environment=given) as running:
        await running.emit("Order.update", old=old, new={**old, "status": "paid"})
        await running.emit("Order.update", old=old, new=old)
        await running.until_idle(30)
    [one] = webhook_server.requests
    assert isinstance(one.payload, dict)
    assert one.headers["x-key"] == "k" * 20
    assert one.payload["table"] == {"schema": "public", "name": "orders"}
    assert one.payload["trigger"] == {"name": "order changed"}
    event = {
        "op": "UPDATE",
        "session_variables": None,
        "data": {"old": old, "new": {**old, "status": "paid"}},
    }
    assert one.payload["event"] == event


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [("a: [", 1, "is not YAML"), ("a: !!python/object/apply:os.system ['x']", 1, "is not YAML"),
     ("[" * 5000, 1, "is not YAML"), ("- 1", 2, "no observers")],
)  # fmt: skip
def test_bad_metadata_is_one_line(folder: Path, content: str, code: int, said: str) -> None:
    next(folder.rglob("tables.yaml")).write_text(content)
    found, out, err = ran("--from", "hasura", "metadata", "--database", "shop.db")
    assert (found, out, said in err) == (code, "", True), err


def test_aliases_of_yaml_are_looked_at_once(tmp_path: Path) -> None:
    """Nine levels of ten aliases each are a thousand million objects, if each is gone through."""
    levels = "".join(
        f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )  # fmt: skip
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text(f"l0: &l0 [{{table: orders}}]\n{levels}tables: *l8\n", encoding="utf-8")
    found = read_hasura([bomb], Catalog(()))
    assert found.observers == ()


def test_without_a_database_there_are_no_columns(folder: Path) -> None:
    assert ran("--from", "hasura", "metadata")[0] == 2
    assert ran("--from", "hasura", "nothing", "--database", "shop.db")[0] == 3
