"""Which plan engines of one store work by: each activation is for all of them."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack

import pytest

from fql.app import Runtime
from fql.plan.model import Plan
from fql.store.postgresql.shared import SharedPostgresStore
from fql.testing import MockWebhookServer
from tests.app.plans import ONE, order, plan_of, settings_of
from tests.shards.test_engines import until

FIRST = plan_of(ONE)
SECOND = plan_of(ONE.replace("/orders", "/second"))
SECRET = plan_of(ONE.replace("/orders", "/${TOKEN}"))


def engine(url: str, receiver: MockWebhookServer, plan: Plan, **environment: str) -> Runtime:
    return Runtime(
        plan, store=SharedPostgresStore(url), settings=settings_of(),
        environment={"RECEIVER": receiver.url, **environment},
    )  # fmt: skip


def works_by(runtime: Runtime, plan: Plan) -> bool:
    return runtime.plan.digest == plan.digest


async def sent_by(runtime: Runtime, receiver: MockWebhookServer, number: int) -> str:
    """Where an event goes that this engine takes."""
    await runtime.emit("Order.insert", new=order(number))
    await runtime.until_idle(30)
    (found,) = [one.path for one in receiver.requests if f"o{number}" in str(one.payload)]
    return found


async def test_a_plan_is_for_all_engines_and_a_restart_does_not_bring_an_old_one_back(
    postgresql_url: str, webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(engine(postgresql_url, webhook_server, FIRST))
        assert await sent_by(one, webhook_server, 1) == "/orders"
        two = await stack.enter_async_context(engine(postgresql_url, webhook_server, SECOND))
        assert works_by(two, SECOND)
        assert await sent_by(one, webhook_server, 2) == "/second", "its next commit was stale"
        assert works_by(one, SECOND)
        with caplog.at_level(logging.WARNING):
            async with engine(postgresql_url, webhook_server, FIRST) as again:
                assert works_by(again, SECOND)
        assert "this process works by that one; `fqlc store activate` goes back" in caplog.text
        await one.reload(FIRST)
        assert await sent_by(one, webhook_server, 3) == "/orders"
        await until(lambda: works_by(two, FIRST), 5)
        assert await sent_by(two, webhook_server, 4) == "/orders"
        found = await SharedPostgresStore.activations(one._store)  # type: ignore[arg-type]
        assert [active.generation for active in found] == [2, 3]


async def test_an_engine_that_cannot_work_by_the_plan_hands_its_events_in_until_it_can(
    postgresql_url: str, webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(engine(postgresql_url, webhook_server, FIRST))
        two = await stack.enter_async_context(
            engine(postgresql_url, webhook_server, SECRET, TOKEN="third")
        )
        with caplog.at_level(logging.ERROR):
            await until(lambda: not one.leads, 10)
        assert "gives its work to the other engines" in caplog.text
        assert "TOKEN" in caplog.text
        await until(lambda: len(two.engine.state.shards.mine) == 64, 10)
        await one.emit("Order.insert", new=order(1))
        await until(lambda: webhook_server.call_count == 1, 10)
        await two.reload(FIRST)
        await until(lambda: one.leads, 10)
        assert works_by(one, FIRST)
        assert await sent_by(one, webhook_server, 2) == "/orders"
    assert [request.path for request in webhook_server.requests] == ["/third", "/orders"]
