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
from fqlc import compile_text

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


def test_a_member_that_an_enum_type_gets_is_told(
    app: Application, ours: Connection, captured: Callable[[Plan], None]
) -> None:
    """The plan does not know it: it is to be a dead letter, and the triggers stay in step."""
    app.execute("CREATE TYPE state AS ENUM ('new', 'paid')")
    app.execute("ALTER TABLE orders ALTER COLUMN status TYPE state USING 'new'::state")
    compiled = compile_text(
        'enum State { new, paid } entity Order from "orders" { id: Int @key  status: State }'
        " observer o { on: Order.insert  when: status == paid"
        '  webhook w { url: "https://x.example/" } }'
    )
    assert compiled.plan is not None, compiled.diagnostics
    watched = Plan.model_validate_json(compiled.plan)
    captured(watched)
    app.execute("ALTER TYPE state ADD VALUE 'lost'")
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'new'), (2, 'lost'), (3, 'paid')")
    assert [row["status"] for _, _, row, _ in told(app)] == ["lost", "paid"]
    assert status(ours, watched, MAIN).in_step
    app.execute("ALTER TYPE state RENAME TO states")
    assert status(ours, watched, MAIN).in_step
