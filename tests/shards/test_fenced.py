"""An engine whose session another one has ended, as it was not heard for longer than its lease."""

from __future__ import annotations

import asyncio
import logging

import pytest

from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order
from tests.shards.conftest import Admin, Open
from tests.shards.test_engines import shared, until
from tests.shards.test_shares import ALL, EXPIRE


@pytest.mark.parametrize("seconds", [0, 2], ids=["before the answer comes", "after that"])
async def test_who_was_fenced_leaves_in_order_once_others_have_its_work(
    postgresql_url: str, webhook_server: MockWebhookServer, opened: Open, admin: Admin,
    caplog: pytest.LogCaptureFixture, seconds: int,
) -> None:  # fmt: skip
    """The answer that came too late is not stored: whoever has the run now asks again."""
    caplog.set_level(logging.INFO, "fql")
    webhook_server.reply(Reply(delay=1.5), path="/free")
    async with shared(postgresql_url, webhook_server) as slow:
        await until(lambda: slow.engine.state.shards.mine == ALL)
        await slow.emit("Order.insert", new=order(1))
        await until(lambda: webhook_server.call_count >= 1)
        other = await opened()
        lease = await other.acquire("other")
        before = slow.engine.session
        admin.execute(EXPIRE, (before,))
        share = await other.share(lease)
        assert share is not None
        assert share.mine == ALL
        await until(lambda: slow.engine.session != before)
        await until(lambda: not slow.engine.recovering)
        await asyncio.sleep(seconds)
    assert "could not be stored" not in caplog.text
