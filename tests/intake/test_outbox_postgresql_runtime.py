"""Rows of PostgreSQL through a whole engine whose store is elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.intake.test_outbox_postgresql import run, waiting
from tests.outbox.postgresql.conftest import ORDERS

from fql import Runtime
from fql.intake.postgresql.source import OutboxPostgreSQL
from fql.outbox.postgresql.connection import connect
from fql.outbox.postgresql.installing import install
from fql.outbox.postgresql.names import Names
from fql.plan.model import Plan
from fql.testing import MockWebhookServer
from fqlc import compile_text


async def test_each_row_is_sent_once_also_after_a_restart(
    postgresql_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    compiled = compile_text(
        'entity Order from "orders" { id: Int @key  status: String  total: Decimal? }'
        " observer o { on: Order.insert  webhook w {"
        ' url: "${RECEIVER}/x"  body: { id: id  total: total } } }'
    )
    assert compiled.plan is not None, compiled.diagnostics
    plan = Plan.model_validate_json(compiled.plan)
    run(postgresql_url, ORDERS)
    with connect(postgresql_url) as connection:
        install(connection, plan, Names())
    for first in (1, 4):
        values = ", ".join(f"({n}, 's', {n}.50)" for n in range(first, first + 3))
        run(postgresql_url, f"INSERT INTO orders (id, status, total) VALUES {values}")
        run(postgresql_url, f"INSERT INTO orders (id, status, total) VALUES ({-first}, 's', 'NaN')")
        async with Runtime(
            plan, store=f"sqlite:///{tmp_path}/fql.db", listeners=(),
            environment={"RECEIVER": webhook_server.url},
            sources=(OutboxPostgreSQL("shop", postgresql_url),),
        ) as running:  # fmt: skip
            await running.until_idle(60)
            letters = await running.client.dead_letters()
    found = [request.payload for request in webhook_server.requests]
    assert found == [{"id": n, "total": f"{n}.50"} for n in range(1, 7)]
    assert [one.error_class for one in letters] == ["capture", "capture"]
    assert waiting(postgresql_url) == 0


RENAMED = (
    'entity Order from "orders" {{ id: Int @key  status: String{column} }}'
    ' observer o {{ on: Order.insert  webhook w {{ url: "${{RECEIVER}}/x"'
    "  body: {{ id: id  status: status }} }} }}"
)


async def test_a_dead_letter_of_a_renamed_column_is_read_again_by_column(
    postgresql_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """The row keeps the names of its columns: a plan that follows the rename reads it."""
    plans = []
    for column in ("", ' @column("state")'):
        compiled = compile_text(RENAMED.format(column=column))
        assert compiled.plan is not None, compiled.diagnostics
        plans.append(Plan.model_validate_json(compiled.plan))
    run(postgresql_url, ORDERS)
    with connect(postgresql_url) as connection:
        install(connection, plans[0], Names())
    async with Runtime(
        plans[0], store=f"sqlite:///{tmp_path}/fql.db", listeners=(),
        environment={"RECEIVER": webhook_server.url},
        sources=(OutboxPostgreSQL("shop", postgresql_url),),
    ) as running:  # fmt: skip
        run(postgresql_url, "ALTER TABLE orders RENAME status TO state")
        run(postgresql_url, "INSERT INTO orders (id, state) VALUES (1, 'new')")
        await running.until_idle(60)
        (letter,) = await running.client.dead_letters()
        assert "column `status` was not captured" in letter.reason
        with connect(postgresql_url) as connection:
            install(connection, plans[1], Names())
        await running.reload(plans[1])
        await running.replay(all=True, wait=True)
    (request,) = webhook_server.requests
    assert request.payload == {"id": 1, "status": "new"}


EVOLVED = (
    'entity Order from "orders" {{ id: Int @key  {field} }}'
    ' observer o {{ on: Order.insert  webhook w {{ url: "${{RECEIVER}}/{path}"'
    "  body: {{ id: id  value: {value} }} }} }}"
)


async def test_rows_of_an_older_revision_are_judged_by_the_plan_they_were_captured_for(
    postgresql_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """The new plan takes what was captured for it; nothing of before becomes a dead letter."""

    def planned(path: str, field: str, value: str) -> Plan:
        compiled = compile_text(EVOLVED.format(path=path, field=field, value=value))
        assert compiled.plan is not None, compiled.diagnostics
        return Plan.model_validate_json(compiled.plan)

    first = planned("first", "status: String", "status")
    second = planned("second", "total: Decimal", "total")

    def engine(plan: Plan) -> Runtime:
        return Runtime(
            plan, store=f"sqlite:///{tmp_path}/fql.db", listeners=(),
            environment={"RECEIVER": webhook_server.url},
            sources=(OutboxPostgreSQL("shop", postgresql_url),),
        )  # fmt: skip

    run(postgresql_url, ORDERS)
    insert = "INSERT INTO orders (id, status, total) VALUES ({0}, 's', {0})"
    with connect(postgresql_url) as connection:
        install(connection, first, Names())
        run(postgresql_url, insert.format(1))
        async with engine(first) as running:
            await running.until_idle(60)
        run(postgresql_url, insert.format(2), insert.format(3))
        install(connection, second, Names())
        run(postgresql_url, insert.format(4))
    async with engine(second) as running:
        await running.until_idle(60)
        assert await running.client.dead_letters() == []
        runs = await running.client.runs()
    found = [(request.path, request.payload) for request in webhook_server.requests]
    assert sorted(found, key=str) == [
        ("/first", {"id": 1, "value": "s"}), ("/first", {"id": 2, "value": "s"}),
        ("/first", {"id": 3, "value": "s"}), ("/second", {"id": 4, "value": "4"}),
    ]  # fmt: skip
    assert {one.state for one in runs} == {"done"}
