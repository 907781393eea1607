"""Many dead letters: what one looks at or asks for costs what they are, in pages, beside the loop.

`make soak` does the same with 200,000.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from fql.client import Client, open_client
from fql.store.showing.shower import PAGE
from fql.testing import MockWebhookServer
from tests.app.letters.many import multiply
from tests.app.letters.test_replays import engine, fail
from tests.app.plans import order

FEW, MANY = 2_000, 8_000


async def made(server: MockWebhookServer, folder: Path, number: int) -> str:
    """A store with so many dead letters; its URL."""
    folder.mkdir()
    async with engine(server, folder) as running:
        await fail(running, server, 1)
    multiply(folder / "s.db", number)
    return f"sqlite:///{folder}/s.db"


async def cpu(store: str, work: Callable[[Client], Awaitable[object]]) -> float:
    """Seconds of CPU, the least of two."""
    spent = []
    for _ in range(2):
        async with open_client(store) as client:
            before = time.process_time()
            await work(client)
            spent.append(time.process_time() - before)
    return min(spent)


async def listed(client: Client) -> None:
    seen: set[str] = set()
    async for page in client.dead_letter_pages():
        assert len(page) <= PAGE
        seen.update(letter.dlq_id for letter in page)
    assert len(seen) == sum((await client.dead_letter_counts()).values())


async def one_observer(client: Client) -> None:
    async for _page in client.dead_letter_pages(filter={"observer": "placed"}):
        pass


async def counted(client: Client) -> None:
    (group,) = await client.dead_letter_groups()
    assert group.number == sum((await client.dead_letter_counts()).values())


async def marked(client: Client) -> None:
    assert (await client.foresee(all=True)).total


async def test_what_one_asks_grows_with_what_there_is_and_no_faster(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Four times as many take four times as long: squares would take sixteen times."""
    few = await made(webhook_server, tmp_path / "few", FEW)
    many = await made(webhook_server, tmp_path / "many", MANY)
    for work in (listed, one_observer, counted, marked):
        small, large = await cpu(few, work), await cpu(many, work)
        assert large < 8 * small + 0.1, work.__name__


async def test_replaying_many_leaves_the_event_loop_to_others(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """In an application that goes on emitting and delivering meanwhile."""
    await made(webhook_server, tmp_path / "many", FEW)
    longest = 0.0

    async def heartbeat() -> None:
        nonlocal longest
        while True:
            began = asyncio.get_running_loop().time()
            await asyncio.sleep(0.01)
            longest = max(longest, asyncio.get_running_loop().time() - began)

    async with engine(webhook_server, tmp_path / "many") as running:
        await running.client.pause("shop")
        await running.client.wait_taken()
        beats = asyncio.create_task(heartbeat())
        replayed = await running.replay(all=True, rate=1_000_000)
        assert (await running.emit("Order.insert", new=order(2))).runs
        beats.cancel()
    assert len(replayed) == FEW
    assert longest < 2.5, "on a busy machine; all at once took 6 seconds of CPU"


async def test_all_of_many_are_sent_once(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    number = 2_000
    store = await made(webhook_server, tmp_path / "s", number)
    async with engine(webhook_server, tmp_path / "s") as running:
        async with open_client(store) as client:
            replayed = await client.replay(all=True, rate=1_000_000, wait=True)
        await running.until_idle(120)
        assert await running.client.dead_letter_counts() == {}
    assert {one.letter.state for one in replayed} == {"resolved"}
    keys = [request.key for request in webhook_server.requests if request.path == "/reserve"]
    assert len(keys) == len(set(keys)) == number


async def test_pages_end_where_limits_and_times_say(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Also where many failed in the same millisecond."""
    store = await made(webhook_server, tmp_path / "s", 1_500)
    async with open_client(store) as client:
        everything = [letter.dlq_id for letter in await client.dead_letters()]
        assert len(set(everything)) == 1_500
        first = [letter.dlq_id for letter in await client.dead_letters(limit=700)]
        assert first == everything[:700]
        chosen = everything[3:1400:2]
        found = await client.dead_letters(ids=chosen)
        assert {letter.dlq_id for letter in found} == set(chosen)
        assert len(await client.dead_letters(ids=chosen, limit=600)) == 600


async def test_pages_of_equal_times_lose_none(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = await made(webhook_server, tmp_path / "s", 1_200)
    with sqlite3.connect(tmp_path / "s" / "s.db") as connection:
        connection.execute("UPDATE webhook_dlq SET failed_at = 5000")
    connection.close()
    async with open_client(store) as client:
        found = [letter.dlq_id for letter in await client.dead_letters()]
    assert len(found) == len(set(found)) == 1_200
    assert found == sorted(found, reverse=True)


@pytest.mark.soak
async def test_200_000_dead_letters(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    """`dlq stats` in less than 5 seconds, a list without holding it, all replayed in pages."""
    store = await made(webhook_server, tmp_path / "s", 200_000)
    times: dict[str, float] = {}
    for name, command in {
        "stats": ["stats"], "list": ["list", "--format", "json"],
        "replay": ["replay", "--all", "--delay", "1h"],
    }.items():  # fmt: skip
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "fqlc", "dlq", *command, "--store", store],
            capture_output=True, cwd=tmp_path, check=False,
        )  # fmt: skip
        times[name] = time.monotonic() - began
        assert done.returncode == 0, done.stderr
    print(times)
    assert times["stats"] < 5
    assert times["list"] < 120
    assert times["replay"] < 120
