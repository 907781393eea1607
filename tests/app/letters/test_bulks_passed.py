"""Dead letters that a bulk replay passes or does not find any more: it ends and counts truly."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.app import Runtime
from fql.engine.core.held.inputs import Marks
from fql.engine.process.replays import bulks
from fql.engine.process.replays.marking import GONE
from fql.errors import StoreError
from fql.testing import MockWebhookServer
from tests.app.letters.test_bulks import ALL, begun, bulk_of, numbers, until
from tests.app.letters.test_replays import engine, fail, paths
from tests.app.plans import CHAIN, plan_of, settings_of
from tests.histories.played import Shifted

MINUTE = 60_000


async def test_more_than_a_page_that_cannot_be_replayed_is_passed(
    webhook_server: MockWebhookServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, each below the one before."""
    monkeypatch.setattr(bulks, "MOST", 2)
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2, 3, 4, 5)
        found = await running.client.foresee(**ALL)
        assert found.bounds is not None and found.total == 5
        await running.reload(plan_of(CHAIN.replace("reserve", "hold")))
        name = await running.client.start_bulk(found.bounds, **ALL)
        ended = await running.client.bulk_ended(name)
        assert numbers(ended) == (5, 0, 0, 0, 0)
        assert ended.passed == {GONE: 5}
        assert "passed" not in ended.asked
        assert len(await running.client.dead_letters()) == 5


async def test_a_page_from_before_the_engine_loaded_again_is_thrown_away(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with engine(webhook_server, tmp_path) as running:
        here = running.engine
        page = Marks(1, (1, "dlq_1"), [], last=False)
        await here.mark(page, (here.generation, here.tenure))
        for stale in (
            (here.generation - 1, here.tenure),
            (here.generation, here.tenure - 1),
        ):
            with pytest.raises(StoreError, match="loaded again"):
                await here.mark(page, stale)


async def test_what_retention_removes_under_way_is_not_waited_for(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Two go before the bulk has reached them; of the marked ones the dead letter goes too, and
    the request that waits for a paused receiver still counts."""
    clock = Shifted()
    async with Runtime(
        plan_of(CHAIN), store=f"sqlite:///{tmp_path}/s.db", listeners=(), clock=clock,
        settings=settings_of('[webhooks.dlq]\nretention = "1h"\n'),
        environment={"RECEIVER": webhook_server.url},
    ) as running:  # fmt: skip
        await fail(running, webhook_server, 1, 2)
        clock.shift += 40 * MINUTE
        await fail(running, webhook_server, 3, 4)
        await running.client.pause("shop")
        name = await begun(running.client, rate=0.1)
        await until(running.client, lambda bulk: bulk.marked >= 1)
        clock.shift += 30 * MINUTE
        assert await running.prune() >= 2
        clock.shift += MINUTE
        bulk = await until(running.client, lambda bulk: bulk.state != "running")
        assert (bulk.total, bulk.marked) == (4, 2)
        clock.shift += 120 * MINUTE
        await running.prune()
        assert await running.client.dead_letters() == []
        assert (await bulk_of(running.client)).other == 0
        await running.client.resume("shop")
        assert numbers(await running.client.bulk_ended(name)) == (4, 2, 2, 0, 0)
        await running.until_idle(30)
    assert paths(webhook_server).count("/reserve") == 2
