"""Replays of many dead letters: one command, whose row counts each of them once."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fql.client import Client, open_client
from fql.engine.process.replays.bulks import MOST, Pace
from fql.errors import UsageError
from fql.letters import Bounds, Wanted, instant_of
from fql.plan.stored.codec import read_plan
from fql.store.memory import MemoryStore
from fql.store.nats.store import NatsStore
from fql.store.showing.history import Bulk
from fql.testing import MockWebhookServer, Reply
from fql.testing.received import ReceivedRequest
from fqlc import compile_text
from tests.app.letters.many import multiply
from tests.app.letters.paged import SETTINGS, page
from tests.app.letters.test_put_off import FITS, with_letters
from tests.app.letters.test_replays import engine, fail, paths
from tests.app.plans import CHAIN, ENTITY, plan_of
from tests.histories.played import Shifted

ALL = Wanted(all=True, rate=1000)


async def begun(client: Client, **wanted: object) -> str:
    """A bulk of all dead letters, at once unless something else is wanted."""
    asked = Wanted(**{**ALL, **wanted})  # type: ignore[typeddict-item]
    found = await client.foresee(**asked)
    assert found.bounds is not None
    return await client.start_bulk(found.bounds, **asked)


async def bulk_of(client: Client) -> Bulk:
    (found,) = await client.bulks()
    return found


async def until(client: Client, holds: Callable[[Bulk], bool], seconds: float = 30) -> Bulk:
    async with asyncio.timeout(seconds):
        while True:
            for one in await client.bulks():
                if holds(one):
                    return one
            await asyncio.sleep(0.02)


def numbers(bulk: Bulk) -> tuple[int, int, int, int, int]:
    return bulk.total, bulk.marked, bulk.resolved, bulk.dead, bulk.other


def o2_fails(request: ReceivedRequest) -> Reply:
    return Reply(503 if request.payload == {"id": "o2"} else 200)


async def test_all_that_a_filter_chooses_is_one_command(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2, 3)
        webhook_server.always(o2_fails)
        chosen = Wanted(filter={"observer": "placed"}, rate=1000)
        found = await running.client.foresee(**chosen)
        assert (found.total, found.skipped) == (3, {})
        assert (found.actions, found.receivers) == ({"placed.reserve": 3}, {"shop": 3})
        assert found.bounds is not None
        name = await running.client.start_bulk(found.bounds, **chosen)
        ended = await running.client.bulk_ended(name)
        assert (ended.state, numbers(ended)) == ("ended", (3, 3, 2, 1, 0))
        assert ended.asked["observer"] == "placed"
        assert [one.event_id for one in await running.client.dead_letters()]
        await running.until_idle(30)
    assert sorted(paths(webhook_server)) == ["/label"] * 2 + ["/reserve"] * 3


async def test_what_fails_after_the_dry_run_is_not_part_of_it(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2)
        found = await running.client.foresee(**ALL)
        assert found.bounds is not None
        await fail(running, webhook_server, 3)
        name = await running.client.start_bulk(found.bounds, **ALL)
        assert numbers(await running.client.bulk_ended(name)) == (2, 2, 2, 0, 0)
        assert len(await running.client.dead_letters()) == 1


async def test_a_limit_is_a_bound_as_well(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2, 3)
        name = await begun(running.client, limit=2)
        assert numbers(await running.client.bulk_ended(name)) == (2, 2, 2, 0, 0)
        (left,) = await running.client.dead_letters()
        assert left.request is not None and left.request["body"] == {"id": "o1"}


async def test_a_form_that_is_sent_twice_is_done_once(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1)
    async with open_client(f"sqlite:///{tmp_path}/s.db", by="ann") as client:
        found = await client.foresee(**ALL)
        assert found.bounds is not None
        first = await client.start_bulk(found.bounds, form="f1", **ALL)
        assert await client.start_bulk(found.bounds, form="f1", **ALL) == first
        # Two that do not know of each other.
        entry = (await client._store.fetch(10, frozenset()))[0]
        await client._store.append([(entry.kind, entry.body)], entry.at)
        async with engine(webhook_server, tmp_path):
            await client.bulk_ended(first)
            assert await client.start_bulk(found.bounds, form="f1", **ALL) == first
            assert await client.wait_taken()
            assert [one.id for one in await client.bulks()] == [first]
            assert (await bulk_of(client)).by == "ann"
            other = await client.start_bulk(found.bounds, form="f2", **ALL)
            assert numbers(await client.bulk_ended(other)) == (1, 0, 0, 0, 0)


async def test_one_that_is_stopped_marks_no_more(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """What is marked goes on."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2, 3, 4)
        name = await begun(running.client, rate=2)
        await until(running.client, lambda bulk: bulk.marked == 2)
        await running.client.stop_bulk(name)
        ended = await running.client.bulk_ended(name)
        assert ended.state == "stopped"
        assert ended.resolved == ended.marked < 4
        await running.until_idle(30)
        assert len(await running.client.dead_letters()) == 4 - ended.marked
        assert paths(webhook_server).count("/reserve") == ended.marked
        with pytest.raises(UsageError, match="no bulk replay bulk_ff"):
            await running.client.stop_bulk("bulk_ff")


async def test_each_way_of_ending_is_counted_once(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Discarded, cancelled, and replayed by somebody else meanwhile."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2, 3, 4)
        client = running.client
        await client.pause("shop")
        name = await begun(client)
        await until(client, lambda bulk: bulk.marked == 4)
        await client.wait_taken()
        letters = await client.dead_letters()
        assert {one.state for one in letters} == {"replaying"}
        skipped = (await client.foresee(**ALL)).skipped
        assert skipped == {"is being replayed already": 4}
        await client.discard([letters[0].dlq_id])
        await client.cancel(run=letters[1].run)
        await client.wait_taken()
        again = await begun_again(client)
        await client.resume("shop")
        assert numbers(await client.bulk_ended(name)) == (4, 4, 2, 0, 2)
        assert numbers(await client.bulk_ended(again)) == (2, 0, 0, 0, 0)
        await running.until_idle(30)
    assert paths(webhook_server).count("/reserve") == 2


async def begun_again(client: Client) -> str:
    """Another one over the same, whose dry run was before they were marked."""
    newest = (await client.dead_letters())[0]
    place = instant_of(newest.failed_at) or 0, newest.dlq_id
    return await client.start_bulk(Bounds(2, place), **ALL)


async def test_what_the_plan_of_now_cannot_send_is_passed(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Another plan is activated under way: the rest of them stay dead, and the bulk ends."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2, 3, 4)
        name = await begun(running.client, rate=5)
        await until(running.client, lambda bulk: bulk.marked >= 1)
        await running.reload(plan_of(CHAIN.replace("reserve", "hold")))
        ended = await running.client.bulk_ended(name)
        assert ended.marked == ended.resolved + ended.other < 4
        assert len(await running.client.dead_letters()) == 4 - ended.resolved
        found = await running.client.foresee(**ALL)
        assert found.bounds is None and sum(found.skipped.values()) == 4 - ended.resolved


async def test_events_without_a_run_are_part_of_it(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with with_letters(webhook_server, tmp_path, Shifted(), 3) as running:
        name = await begun(running.client)
        assert numbers(await running.client.bulk_ended(name)) == (3, 3, 3, 0, 0)
        assert await running.client.dead_letters() == []
        await running.until_idle(30)
    assert FITS and webhook_server.call_count == 3


async def test_a_store_from_a_backup_goes_on_from_there(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """What was marked after the backup is dead in it again, and is replayed again by its key."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2, 3, 4)
        name = await begun(running.client, rate=5)
        await until(running.client, lambda bulk: bulk.marked >= 1)
    shutil.copy(tmp_path / "s.db", tmp_path / "copy.db")
    async with engine(webhook_server, tmp_path) as running:
        await running.until_idle(30)
        assert numbers(await bulk_of(running.client)) == (4, 4, 4, 0, 0)
    shutil.copy(tmp_path / "copy.db", tmp_path / "s.db")
    async with engine(webhook_server, tmp_path) as running:
        assert numbers(await running.client.bulk_ended(name)) == (4, 4, 4, 0, 0)
        await running.until_idle(30)
        assert await running.client.dead_letters() == []
    keys = [one.key for one in webhook_server.requests if one.path == "/reserve"]
    assert len(set(keys)) == 4


def test_never_faster_than_the_rate() -> None:
    """One at once, and what was missed is made up for a second at most."""
    pace, marked, now = Pace(), 0, 0
    for step in (0, 50, 60, 500, 90, 300, 10, 0, 1000, 1000):
        now += step
        room = pace.room(10, now)
        pace.spend(room)
        marked += room
        assert marked <= 1 + now * 10 / 1000
    assert marked >= 25
    idle = Pace()
    idle.spend(idle.room(10, 0))
    assert idle.room(10, 3_600_000) == 10
    assert Pace().room(1_000_000, 0) == 1
    fast = Pace()
    fast.spend(fast.room(1_000_000, 0))
    assert fast.room(1_000_000, 1000) == MOST


async def test_a_store_that_cannot_says_so() -> None:
    class Few(MemoryStore):
        no_bulks = NatsStore.no_bulks

    with pytest.raises(UsageError, match="in NATS replays dead letters by their ids"):
        await Client(Few()).foresee(**ALL)
    with pytest.raises(UsageError, match="in NATS"):
        await Client(Few()).start_bulk(Bounds(1, (1, "dlq_1")), **ALL)


ONE = """
observer placed {
  on: Order.insert
  webhook reserve { endpoint: shop path: "/reserve" body: { id } retry: { max_attempts: 1 } }
}
"""
START = 100.0
"""Seconds until an engine that was just started has marked some, on a machine with other work."""
STORE = ("--store", "sqlite:///s.db")
RUN = [sys.executable, "-m", "fqlc", "run", "plan.json", *STORE]


async def killed_midway(
    server: MockWebhookServer, folder: Path, number: int, rate: float, kills: int
) -> None:
    """SIGKILL of the engine and of the page that asked while a bulk goes on: each is marked once,
    and the counts are right."""
    compiled = compile_text(ENTITY + ONE).plan
    assert compiled is not None
    (folder / "plan.json").write_bytes(compiled)
    (folder / "fql.toml").write_text(f'[egress]\nallow = ["127.0.0.0/8"]\n{SETTINGS}')
    async with engine(server, folder, read_plan(compiled)) as running:
        await fail(running, server, 1)
    multiply(folder / "s.db", number)
    environment = {**os.environ, "RECEIVER": server.url}
    async with open_client(f"sqlite:///{folder}/s.db") as client:
        with page(folder, *STORE) as asker:
            name = await asyncio.to_thread(asker.begin, "placed", rate)
        for turn in range(kills):
            with subprocess.Popen(
                RUN, cwd=folder, env=environment, stderr=subprocess.DEVNULL
            ) as process:
                least = number * (turn + 1) // (kills + 1)
                await until(client, lambda bulk: bulk.marked >= least, START)  # noqa: B023
                process.send_signal(signal.SIGKILL)
        found = await bulk_of(client)
        assert found.state == "running" and found.marked < number
        last = subprocess.Popen(
            [*RUN, "--until-idle", "--timeout", "600s"], cwd=folder, env=environment,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        ended = await client.bulk_ended(name)
        assert await asyncio.to_thread(last.wait, 600) == 0
        assert (ended.state, numbers(ended)) == ("ended", (number, number, number, 0, 0))
        assert await client.dead_letter_counts() == {}
    keys = [one.key for one in server.requests]
    assert len(set(keys)) == number
    assert len(keys) - number <= 256 * kills, "what was on the wire comes again"


async def test_kills_of_the_engine_under_way(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    await killed_midway(webhook_server, tmp_path, 2_000, 1_500, kills=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_many_kills_of_the_engine_under_way(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    await killed_midway(webhook_server, tmp_path, 10_000, 1_000, kills=8)


async def test_replay_by_a_filter_waits_for_the_bulk(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """`Client.replay` with the words of `Wanted` is the same command."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2)
        webhook_server.always(o2_fails)
        found = await running.client.replay(all=True, wait=True)
        assert sorted(one.letter.state for one in found) == ["dead", "resolved"]
        assert numbers(await bulk_of(running.client)) == (2, 2, 1, 1, 0)
