"""A whole runtime on PostgreSQL: it delivers, stands by, and takes over."""

from __future__ import annotations

import pytest

from fql.app import Runtime
from fql.testing import MockWebhookServer
from tests.app.plans import ONE, order, plan_of, settings_of


def runtime(url: str, server: MockWebhookServer) -> Runtime:
    return Runtime(
        plan_of(ONE), store=url, settings=settings_of(), environment={"RECEIVER": server.url}
    )


@pytest.fixture
def place(postgresql_url: str) -> str:
    return postgresql_url


async def test_events_are_delivered(place: str, webhook_server: MockWebhookServer) -> None:
    async with runtime(place, webhook_server) as made:
        for number in range(20):
            await made.emit("Order.insert", new=order(number))
        await made.until_idle()
    assert len(webhook_server.requests) == 20
