"""`fql.outbox.emit`: with the application's rows or not at all."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy
from sqlalchemy.orm import Session
from tests.outbox.plans import plan

import fql.outbox
from fql.errors import FqlError, UsageError


def outbox(path: Path) -> list[tuple[object, ...]]:
    """What another connection sees."""
    with sqlite3.connect(path) as other:
        return other.execute("SELECT entity, event, new, old, key FROM fql_main_outbox").fetchall()


def test_event_is_committed_with_the_rows_of_the_application(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.execute("CREATE TABLE orders (id)")
    connection.execute("INSERT INTO orders VALUES (1)")
    fql.outbox.emit(connection, "Order.insert", new={"id": 1, "total": Decimal("9.90")}, key="k1")
    connection.rollback()
    connection.execute("INSERT INTO orders VALUES (2)")
    fql.outbox.emit(connection, "Order.insert", new={"id": 2, "total": Decimal("9.90")}, key="k2")
    connection.commit()
    found = outbox(tmp_path / "app.db")
    assert found == [("Order", "insert", '{"id":2,"total":"9.90"}', None, "k2")]


def test_nothing_but_the_two_tables_of_the_outbox_is_created(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "app.db")
    fql.outbox.emit(connection, "Order.delete", old={"id": 1})
    connection.commit()
    names = connection.execute("SELECT name FROM sqlite_master WHERE type != 'index'").fetchall()
    assert sorted(name for (name,) in names) == [
        "fql_main_outbox",
        "fql_main_source",
    ]


def test_values_of_python_are_written_as_events_have_them(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "app.db")
    at = datetime(2026, 3, 2, 14, tzinfo=UTC)
    id_ = UUID("6f1c0a52-0000-4000-8000-00000000000a")
    fql.outbox.emit(connection, "Order.update", new={"id": id_, "at": at, "ok": True})
    (text,) = connection.execute("SELECT new FROM fql_main_outbox").fetchone()
    assert json.loads(text) == {"id": str(id_), "at": "2026-03-02T14:00:00Z", "ok": True}


def test_sqlalchemy_connections_and_sessions(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    with engine.begin() as connection:
        fql.outbox.emit(connection, "Order.insert", new={"id": 1})
    with Session(engine) as session:
        fql.outbox.emit(session, "Order.insert", new={"id": 2})
        session.rollback()
        fql.outbox.emit(session, "Order.insert", new={"id": 3})
        session.commit()
    engine.dispose()
    assert [row[2] for row in outbox(tmp_path / "app.db")] == ['{"id":1}', '{"id":3}']


@pytest.mark.parametrize(
    ("trigger", "rows", "says"),
    [
        ("Order", {"new": {}}, "does not name an event"),
        ("Order.shipped", {"new": {}}, "does not name an event"),
        ("Order.insert", {}, "needs `new`"),
        ("Order.insert", {"new": {}, "old": {}}, "has no `old`"),
        ("Order.update", {"old": {}}, "needs `new`"),
        ("Order.delete", {"new": {}, "old": {}}, "has no `new`"),
        ("Order.insert", {"new": 5}, "must be a mapping of field names to values"),
        ("Order.insert", {"new": {"x": object()}}, "cannot be written as JSON"),
        ("Order.insert", {"new": {"at": datetime(2026, 1, 1)}}, "without an offset"),  # noqa: DTZ001, RUF100
    ],
)
def test_wrong_calls_are_answered_at_once(
    tmp_path: Path, trigger: str, rows: dict[str, dict[str, object]], says: str
) -> None:
    connection = sqlite3.connect(tmp_path / "app.db")
    with pytest.raises(UsageError, match=says):
        fql.outbox.emit(connection, trigger, **rows)  # type: ignore[arg-type]


def test_connections_of_other_databases_are_refused() -> None:
    with pytest.raises(UsageError, match=r"cannot use a connection of type builtins\.object"):
        fql.outbox.emit(object(), "Order.insert", new={})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"key": 5}, "key must be a text of 1 to 1000 characters, but 5 came"),
        ({"key": ""}, "key must be a text"),
        ({"key": "k" * 1_001}, "key must be a text"),
        ({"key": "\ud800"}, "key must be a text"),
        ({"id": 7}, "id must be a text"),
        ({"id": ""}, "id must be a text"),
        ({"context": {"a": 1}}, "context must be an object of texts"),
        ({"context": {1: "a"}}, "context must be an object of texts"),
        ({"context": "a"}, "context must be an object of texts"),
        ({"new": {"x": float("nan")}}, "new.x is nan"),
        ({"new": {"x": [{"y": float("inf")}]}}, r"new.x\[0\].y is inf"),
        ({"new": {"x": Decimal("NaN")}}, "new.x is NaN"),
        ({"new": {"x": {"at": datetime(2026, 1, 1)}}}, "new.x.at is a datetime without an offset"),  # noqa: DTZ001, RUF100
        ({"new": {1: "x"}}, "new has a key that is not a text"),
        ({"new": {"x": {1, 2}}}, "new.x is of type set"),
    ],
)
def test_what_will_never_be_delivered_is_refused_at_once(
    tmp_path: Path, given: dict[str, Any], says: str
) -> None:
    """And nothing is written: the transaction of the application is as it was."""
    connection = sqlite3.connect(tmp_path / "app.db")
    with pytest.raises(FqlError, match=says):
        fql.outbox.emit(connection, "Order.insert", **{"new": {"id": 1}, **given})
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()


def test_an_entity_that_the_plan_does_not_have_is_warned_of(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "app.db")
    fql.outbox.emit(connection, "Order.insert", new={"id": 1}, plan=plan("Order.insert"))
    with pytest.warns(UserWarning, match="the plan has no entity Ordre") as warned:
        fql.outbox.emit(connection, "Ordre.insert", new={"id": 1}, plan=plan("Order.insert"))
    assert warned[0].filename == __file__
    connection.close()
