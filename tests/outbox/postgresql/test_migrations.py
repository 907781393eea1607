"""Changes of captured tables that applications make: what is told afterwards, and what is not in
step any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.outbox.postgresql.conftest import Application, told
from tests.outbox.postgresql.test_facts import MAIN, plan_of

from fql.outbox.postgresql.connection import Connection
from fql.outbox.postgresql.status import status
from fql.plan.model import Plan

WATCHED = plan_of('status == "paid" && (total ?? 0) > 5', "insert")


@pytest.mark.parametrize(
    "migration",
    [
        "ALTER COLUMN status DROP NOT NULL", "ALTER COLUMN email SET NOT NULL",
        "ALTER COLUMN id TYPE bigint", "ALTER COLUMN status TYPE varchar(20)",
        "ADD CHECK (total > 0)", "ALTER COLUMN status SET DEFAULT 'x'", "SET UNLOGGED",
        "CLUSTER ON orders_pkey", "ALTER COLUMN total TYPE numeric(10,2)",
    ],
)  # fmt: skip
def test_a_change_that_means_nothing_to_capture_leaves_it_in_step(
    app: Application, ours: Connection, captured: Callable[[Plan], None], migration: str
) -> None:
    captured(WATCHED)
    app.execute(f"ALTER TABLE orders {migration}".encode())
    assert status(ours, WATCHED, MAIN).in_step
    app.execute("INSERT INTO orders (id, email, status, total) VALUES (1, 'e', 'paid', 9)")
    assert len(told(app)) == 1


def test_a_null_that_comes_after_a_migration_is_told(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    """The field is not nullable: it is to be a dead letter, whatever the condition says."""
    captured(WATCHED)
    app.execute("ALTER TABLE orders ALTER COLUMN status DROP NOT NULL")
    app.execute("INSERT INTO orders (id, total) VALUES (1, 1)")
    assert [row["status"] for _, _, row, _ in told(app)] == [None]
