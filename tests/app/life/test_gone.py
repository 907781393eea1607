"""A store that is removed or replaced below a running engine: an error within a second."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fql.errors import StoreError, StoreGone
from fql.store.memory import MemoryStore
from fql.testing import MockWebhookServer
from tests.app.plans import order
from tests.app.test_runtime import runtime
from tests.cli_runtime.shop import write_project


def remove(path: Path) -> None:
    path.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def replace(path: Path) -> None:
    shutil.copy(path, path.with_name("copy.db"))
    path.with_name("copy.db").rename(path)


HARMS = [remove, move, replace]


@pytest.mark.parametrize("harm", HARMS)
async def test_an_idle_engine_ends_within_a_second_and_emit_raises(
    webhook_server: MockWebhookServer, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    async with runtime(webhook_server, store=f"sqlite:///{tmp_path}/s.db") as running:
        receipt = await running.emit("Order.insert", new=order(1))
        await running.wait(receipt, 30)
        harm(tmp_path / "s.db")
        began = time.monotonic()
        with pytest.raises(StoreGone, match=r"s\.db was"):
            await running.failed()
        assert time.monotonic() - began < 1
        with pytest.raises(StoreError):
            await running.emit("Order.insert", new=order(2))
        with pytest.raises(StoreError):
            await running.wait(receipt)
        with pytest.raises(StoreError):
            await running.until_idle()


@pytest.mark.parametrize("harm", HARMS)
async def test_the_first_emit_after_it_raises(
    webhook_server: MockWebhookServer, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """Nobody gets a receipt for what goes nowhere, also in a process that is only a client."""
    store = f"sqlite:///{tmp_path}/s.db"
    async with runtime(webhook_server, store=store) as running:
        async with runtime(webhook_server, store=store) as client:
            harm(tmp_path / "s.db")
            with pytest.raises(StoreGone):
                await client.emit("Order.insert", new=order(1))
        with pytest.raises(StoreError):
            await running.emit("Order.insert", new=order(1))
    assert not webhook_server.called


async def test_who_waits_for_a_run_is_told(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    webhook_server.always(503)
    async with runtime(webhook_server, store=f"sqlite:///{tmp_path}/s.db") as running:
        receipt = await running.emit("Order.insert", new=order(1))
        waiting = asyncio.create_task(running.wait(receipt))
        await asyncio.sleep(0.05)
        remove(tmp_path / "s.db")
        with pytest.raises(StoreError):
            await asyncio.wait_for(waiting, 10)


def test_the_command_ends_with_3_and_says_why(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    write_project(tmp_path, webhook_server.url)
    with subprocess.Popen(
        [sys.executable, "-m", "fqlc", "run", "shop.fql"], cwd=tmp_path, text=True,
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if "ready" in line:
                break
        (tmp_path / "fql.db").rename(tmp_path / "old.db")
        try:
            said = process.communicate(timeout=20)[1]
        finally:
            process.send_signal(signal.SIGKILL)
    assert process.returncode == 3
    assert "fql.db was removed or moved away while it was in use" in said
    assert "Traceback" not in said


async def test_engines_that_fence_each_other_pause_longer_each_time(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else both would take it back at once, and send all their work again and again."""
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.1)
    told: list[str] = []
    store = MemoryStore()

    def listen(event: object) -> None:
        if type(event).__name__ == "StoreTrouble":
            told.append(event.reason)  # type: ignore[attr-defined]

    async with runtime(webhook_server, store=store, listeners=[listen]) as running:
        for number in range(3):
            store.fence()
            with pytest.raises(StoreError, match="fenced"):
                await running.emit("Order.insert", new=order(number))
            assert (await running.emit("Order.insert", new=order(10 + number))).runs
        await running.until_idle(30)
    pauses = [words.rpartition("back in ")[2] for words in told if "no longer holds" in words]
    assert pauses == ["0.1 s", "0.2 s", "0.4 s"]
    assert webhook_server.call_count == 3
