"""`fql.outbox.emit`: with the application's rows or not at all."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy
from sqlalchemy.orm import Session

import fql.outbox
from fql.errors import UsageError


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
        ("Order.insert", {"new": 5}, "must be a row"),
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
    with pytest.raises(UsageError, match="does not know connections of type object"):
        fql.outbox.emit(object(), "Order.insert", new={})
