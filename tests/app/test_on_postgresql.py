"""A runtime in an application, on a store in PostgreSQL: what tests of SQLite show holds here."""

from __future__ import annotations

import pytest

import fql.blocking
from fql.app import Runtime
from fql.testing import MockWebhookServer
from tests.app.plans import ONE, order, plan_of, settings_of

BOTH = ONE + ONE.replace("observer placed", "observer again").replace("/orders", "/again")
WAITING = "[webhooks.dispatch]\nasync = false\n"


def test_a_blocking_runtime_delivers_and_is_followed_by_another(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    for number in (1, 2):
        with fql.blocking.Runtime(
            plan_of(ONE), store=postgresql_url, settings=settings_of(),
            environment={"RECEIVER": webhook_server.url},
        ) as runtime:  # fmt: skip
            runtime.emit("Order.insert", new=order(number), key=str(number))
            assert runtime.emit("Order.insert", new=order(1), key="1").duplicate
            runtime.until_idle(30)
    assert webhook_server.call_count == 2


async def test_emit_waits_for_the_end_of_its_runs_here_and_beside_another_engine(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    async with (
        runtime(postgresql_url, webhook_server.url, settings=WAITING) as one,
        runtime(postgresql_url, webhook_server.url, settings=WAITING) as other,
    ):
        for engine in (one, other):
            receipt = await engine.emit("Order.insert", new=order(1))
            assert receipt.ended
            assert list(receipt.states.values()) == ["done"]
        assert one.leads
        assert other.leads
    assert webhook_server.call_count == 2


@pytest.mark.parametrize(("engines", "second_leads"), [("shared", True), ("single", False)])
async def test_engines_share_the_work_or_one_stands_by(
    postgresql_url: str, webhook_server: MockWebhookServer, engines: str, second_leads: bool
) -> None:
    settings = f'[store]\nengines = "{engines}"\n'
    async with (
        runtime(postgresql_url, webhook_server.url, settings=settings) as one,
        runtime(postgresql_url, webhook_server.url, settings=settings) as other,
    ):
        assert one.leads
        assert other.leads is second_leads
        receipt = await other.emit("Order.insert", new=order(1))
        await other.wait(receipt, 20)
    assert webhook_server.call_count == 1


async def test_a_plan_is_changed_while_it_runs(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    async with runtime(postgresql_url, webhook_server.url) as running:
        await running.emit("Order.insert", new=order(1))
        await running.reload(plan_of(BOTH))
        await running.emit("Order.insert", new=order(2))
        await running.until_idle(30)
    async with runtime(postgresql_url, webhook_server.url) as running:  # it is active nonetheless
        await running.emit("Order.insert", new=order(3))
        await running.until_idle(30)
    paths = sorted(one.path for one in webhook_server.requests)
    assert paths == ["/again", "/again", "/orders", "/orders", "/orders"]


def runtime(url: str, receiver: str, settings: str = "") -> Runtime:
    return Runtime(
        plan_of(ONE), store=url, settings=settings_of(settings), environment={"RECEIVER": receiver}
    )
