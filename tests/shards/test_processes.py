"""Engines as processes of their own: they are replaced one after another, and killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fql.client import Client, open_client
from fql.testing import MockWebhookServer
from fqlc import compile_text
from tests.app.plans import ENTITY
from tests.shards.test_engines import SHOP, until
from tests.shards.test_moving import Load, check

LEASE = 10
"""Seconds."""


@dataclass
class Fleet:
    """`fqlc run` as often as a test wants. `folder` has the project, `receiver`
    is a URL."""

    folder: Path
    receiver: str
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    started: int = 0

    async def start(self, count: int) -> None:
        """So many more, until each is ready."""
        logs = [self.folder / f"{self.started + number}.log" for number in range(count)]
        self.started += count
        for log in logs:
            with log.open("wb") as said:
                command = [sys.executable, "-m", "fqlc", "run", "plan.json"]
                environment = {**os.environ, "RECEIVER": self.receiver}
                self.running.append(
                    subprocess.Popen(command, cwd=self.folder, stderr=said, env=environment)
                )
        await until(lambda: all("ready" in log.read_text() for log in logs), 140)

    async def stop(self) -> None:
        """The oldest, which drains."""
        oldest = self.running.pop(0)
        oldest.terminate()
        assert await asyncio.to_thread(oldest.wait, 40) == 0

    async def kill(self) -> None:
        """The oldest, without a word."""
        oldest = self.running.pop(0)
        oldest.kill()
        await asyncio.to_thread(oldest.wait)

    def said(self) -> str:
        """What all of them have logged."""
        return "".join(log.read_text() for log in sorted(self.folder.glob("*.log")))


@asynccontextmanager
async def fleet(
    folder: Path, url: str, receiver: MockWebhookServer, settings: str = ""
) -> AsyncIterator[Fleet]:
    """Three engines to begin with; `settings` is more of `fql.toml`."""
    compiled = compile_text(ENTITY + SHOP).plan
    assert compiled is not None
    (folder / "plan.json").write_bytes(compiled)
    egress, store = '[egress]\nallow = ["127.0.0.0/8"]\n', f'[store]\nurl = "{url}"\n'
    (folder / "fql.toml").write_text(egress + store + settings)
    made = Fleet(folder, receiver.url)
    try:
        await made.start(3)
        yield made
    finally:
        for one in made.running:
            one.kill()
            one.wait()


async def done(client: Client, seconds: float = 60) -> None:
    """Until nothing is left to do."""
    end = time.monotonic() + seconds
    while (counts := await client.counts()).inbox or counts.runs.get("open"):
        assert time.monotonic() < end, counts
        await asyncio.sleep(0.1)


@pytest.mark.timeout(300)
async def test_a_rolling_restart_repeats_nothing_and_a_killed_engine_is_followed(
    tmp_path: Path, postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    async with (
        fleet(tmp_path, postgresql_url, webhook_server) as engines,
        open_client(postgresql_url) as client,
    ):
        async with Load(postgresql_url) as load:
            await engines.start(3)
            for _ in range(3):
                await engines.stop()
        await done(client)
        check(webhook_server, load)
        assert "of 64 shards and has" in engines.said()
        webhook_server.clear()
        async with Load(postgresql_url) as more:
            await until(lambda: len(more.keys) > 10)
            killed = time.monotonic()
            await engines.kill()
            await until(lambda: len(more.keys) > 20)
        await done(client)
        assert time.monotonic() - killed < LEASE, "nobody waited for the lease"
        check(webhook_server, more, again=64)
