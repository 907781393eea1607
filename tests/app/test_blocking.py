"""The facade for programs without an event loop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fql import blocking
from fql.errors import EventRefused, MissingSecrets
from fql.testing import MockWebhookServer
from fql.webhooks import replay_dlq
from tests.app.plans import CHAIN, order, plan_of, settings_of


def test_emit_from_several_threads(webhook_server: MockWebhookServer) -> None:
    with blocking.Runtime(
        plan_of(), store="memory:", settings=settings_of(),
        environment={"RECEIVER": webhook_server.url},
    ) as runtime:  # fmt: skip
        with ThreadPoolExecutor(8) as pool:
            receipts = list(
                pool.map(lambda n: runtime.emit("Order.insert", new=order(n)), range(40))
            )
        assert runtime.wait(receipts[0], 30).ended
        with pytest.raises(EventRefused):
            runtime.emit("Order.insert", new={})
        assert runtime.until_idle(30).done == 40
    assert webhook_server.call_count == 40


def test_a_start_that_fails_leaves_no_thread() -> None:
    import threading

    before = threading.active_count()
    with (
        pytest.raises(MissingSecrets),
        blocking.Runtime(plan_of(), store="memory:", environment={}),
    ):
        pass
    assert threading.active_count() == before


def test_replay_dlq_from_python(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    """`fql.webhooks.replay_dlq` finds the runtime of this process, by filter, dry run first."""
    webhook_server.reply(503)
    with blocking.Runtime(
        plan_of(CHAIN), store=f"sqlite:///{tmp_path}/s.db", settings=settings_of(),
        environment={"RECEIVER": webhook_server.url},
    ) as runtime:  # fmt: skip
        runtime.emit("Order.insert", new=order(1))
        runtime.until_idle(30)
        chosen = {"failed_after": "2025-02-10", "filter": {"observer": "placed"}}
        assert len(replay_dlq(**chosen, dry_run=True)) == 1  # type: ignore[arg-type]
        assert replay_dlq(failed_after="2999-01-01") == []
        [entry] = replay_dlq(**chosen, wait=True)  # type: ignore[arg-type]
        assert entry["class"] == "exhausted"
        assert replay_dlq(**chosen) == []  # type: ignore[arg-type]
        runtime.until_idle(30)
    assert [request.path for request in webhook_server.requests] == [
        "/reserve", "/reserve", "/label",
    ]  # fmt: skip
