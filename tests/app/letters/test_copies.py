"""The `file` backend of the dead letter queue, through the runtime."""

from __future__ import annotations

import asyncio
import shutil
import stat
from datetime import date
from pathlib import Path

import orjson
import pytest

from fql.app import Runtime
from fql.engine.loop.clock import SystemClock
from fql.errors import SettingsError
from fql.store.memory import MemoryStore
from fql.store.port import Store
from fql.testing import MockWebhookServer
from fql.testing.clock import VirtualClock
from tests.app.plans import CHAIN, order, plan_of, settings_of

Lines = list[dict[str, object]]


def lines(path: Path) -> Lines:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def file_settings(path: Path, more: str = "") -> str:
    return f'[webhooks.dlq]\nbackend = "file"\npath = "{path}"\n{more}'


def runtime(
    server: MockWebhookServer, text: str = "", *, store: str | Store = "memory:", **more: object
) -> Runtime:
    return Runtime(
        plan_of(CHAIN), store=store, settings=settings_of(text),
        environment={"RECEIVER": server.url}, listeners=(), **more,  # type: ignore[arg-type]
    )  # fmt: skip


async def fail_one(running: Runtime, server: MockWebhookServer, number: int = 1) -> None:
    """Leave one dead letter behind."""
    server.reply(503)
    await running.emit("Order.insert", new=order(number))
    await running.until_idle(30)


async def test_dead_letters_are_copied_and_closed(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """A whole entry for each failure, and a closing line when it is resolved."""
    file = tmp_path / "dead" / "letters.jsonl"
    async with runtime(webhook_server, file_settings(file)) as running:
        await fail_one(running, webhook_server)
        webhook_server.reply(503)
        await running.replay(filter={"observer": "placed"})
        await running.until_idle(30)
        await running.replay(filter={"observer": "placed"})
        await running.until_idle(30)
    first, again, last = lines(file)
    assert (first["observer"], first["class"], first["state"]) == ("placed", "exhausted", "dead")
    assert first["request"]["body"] == {"id": "o1"}  # type: ignore[index]
    assert [len(one["attempts"]) for one in (first, again)] == [1, 2]  # type: ignore[arg-type]
    assert (last["dlq_id"], last["state"]) == (first["dlq_id"], "resolved")
    assert str(last["written_at"]).startswith("20")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_discarded_entries_are_closed_as_such(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    file = tmp_path / "letters.jsonl"
    async with runtime(webhook_server, file_settings(file)) as running:
        await fail_one(running, webhook_server)
        [letter] = await running.client.dead_letters()
        await running.client.discard([letter.dlq_id])
        await running.until_idle(30)
    assert [line["state"] for line in lines(file)] == ["dead", "discarded"]


async def test_evicted_entries_are_closed_as_such(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Past `retention` the store's entry goes, what waited behind it too, and the file says so."""
    file = tmp_path / "letters.jsonl"
    store = f"sqlite:///{tmp_path}/s.db"
    text = file_settings(file, 'retention = "1ms"\n')
    async with runtime(webhook_server, text, store=store) as running:
        await fail_one(running, webhook_server)
        await asyncio.sleep(0.01)
        await running.prune()
        assert await running.client.dead_letters() == []
        await running.until_idle(30)
        [run] = await running.client.runs()
        assert [node["state"] for node in run.nodes] == ["cancelled", "cancelled"]
    assert [line["state"] for line in lines(file)] == ["dead", "evicted"]


@pytest.mark.parametrize("text", ["", "enabled = false\n"])
async def test_the_copy_can_be_switched_off_and_the_queue_stays(
    webhook_server: MockWebhookServer, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "letters.jsonl"
    async with runtime(webhook_server, file_settings(file, text)) as running:
        await fail_one(running, webhook_server)
        assert len(await running.client.dead_letters()) == 1
    assert file.exists() == (not text)


async def test_what_a_killed_process_did_not_copy_is_copied_at_the_next_start(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Also the end of an entry that was resolved before the copy; and nothing twice afterwards."""
    folder, store = tmp_path / "dead", f"sqlite:///{tmp_path}/s.db"
    file = folder / "letters.jsonl"
    async with runtime(webhook_server, file_settings(file), store=store) as running:
        shutil.rmtree(folder)
        folder.write_text("in the way")
        await fail_one(running, webhook_server)
        await running.replay(filter={"observer": "placed"})
        await running.until_idle(30)
    folder.unlink()
    for _ in range(2):
        async with runtime(webhook_server, file_settings(file), store=store) as running:
            await running.until_idle(30)
        assert [line["state"] for line in lines(file)] == ["dead", "resolved"]


async def test_a_backend_that_is_switched_on_later_gets_what_is_there(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    file = tmp_path / "letters.jsonl"
    store = f"sqlite:///{tmp_path}/s.db"
    async with runtime(webhook_server, store=store) as running:
        await fail_one(running, webhook_server)
    for _ in range(2):
        async with runtime(webhook_server, file_settings(file), store=store) as running:
            await running.until_idle(30)
    assert [line["state"] for line in lines(file)] == ["dead"]


async def test_a_folder_that_goes_away_delays_the_copy_only(
    webhook_server: MockWebhookServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, deliveries go on, and the copy follows when the folder is back."""
    folder = tmp_path / "dead"
    file = folder / "letters.jsonl"
    async with runtime(webhook_server, file_settings(file)) as running:
        file.unlink()
        folder.rmdir()
        folder.write_text("in the way")
        await fail_one(running, webhook_server)
        for _ in range(3000):
            if "copied later" in caplog.text:
                break
            await asyncio.sleep(0.01)
        assert "copied later" in caplog.text
        folder.unlink()
    assert [line["state"] for line in lines(file)] == ["dead"]


async def test_rotation_follows_the_clock_of_the_runtime(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Midnight passes between two processes; the earlier day is packed at the start."""
    file = tmp_path / "letters.jsonl"
    store = MemoryStore()
    async with runtime(webhook_server, file_settings(file), store=store) as running:
        await fail_one(running, webhook_server)
    tomorrow = VirtualClock(SystemClock().now() + 86_400_000)
    async with runtime(webhook_server, file_settings(file), store=store, clock=tomorrow):
        pass
    [packed] = tmp_path.glob("letters-*.jsonl.gz")
    assert str(date.today().year) in packed.name
    assert not file.exists()


async def test_a_place_that_cannot_be_written_stops_the_start(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        async with runtime(webhook_server, file_settings(tmp_path / "x" / "y.jsonl")):
            pass
