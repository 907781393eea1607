"""The key of the row that changed, which runs and dead letters keep."""

from __future__ import annotations

from pathlib import Path

from fql.exact.writing import write_json
from fql.intake.json_lines import JsonLines
from fql.store.choosing import LetterFilter, RunFilter
from fql.store.sqlite.store import SqliteStore
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of
from tests.app.test_runtime import runtime


async def test_runs_and_dead_letters_know_the_key_of_their_row(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Of each event, whoever hands it in, and after a restart as well."""
    webhook_server.always(400)
    store, lines = SqliteStore(tmp_path / "s.db"), tmp_path / "events.jsonl"
    event = {"entity": "Order", "event": "delete", "old": order(2)}
    lines.write_bytes(write_json(event) + b"\n")
    text = "observer all { on: [Order.insert, Order.delete] webhook tell { endpoint: shop } }"
    plan, sources = plan_of(text), (JsonLines(str(lines)),)
    async with runtime(webhook_server, plan=plan, store=store, sources=sources) as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
        keys = {one.run.row_key for one in await store.runs(RunFilter())}
        assert keys == {"o1", "o2"}
    await store.open()
    async with runtime(webhook_server, plan=plan, store=store) as running:
        await running.replay(all=True)
        await running.until_idle(30)
        assert {one.row_key for one in await store.letters(LetterFilter())} == keys
