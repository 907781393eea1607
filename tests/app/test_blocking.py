"""The facade for programs without an event loop."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from fql import blocking
from fql.errors import EventRefused, MissingSecrets, StoreError, UsageError
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


def test_before_the_start_and_after_the_end_a_call_says_so(
    webhook_server: MockWebhookServer,
) -> None:
    """It must not wait for a loop that does not run."""
    runtime = blocking.Runtime(
        plan_of(), store="memory:", settings=settings_of(),
        environment={"RECEIVER": webhook_server.url},
    )  # fmt: skip
    with pytest.raises(UsageError, match="not been started"):
        runtime.emit("Order.insert", new=order(1))
    with runtime:
        pass
    with pytest.raises(UsageError, match="has ended"):
        runtime.until_idle()


def test_a_forked_child_is_told_and_leaves_its_parents_runtime_alone(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Web servers fork: the child leaves the `with` of its parent, and the parent goes on."""
    code = (
        "import os, signal\n"
        "from tests.app.plans import *\n"
        "from fql import blocking\n"
        "from fql.errors import UsageError\n"
        f"with blocking.Runtime(plan_of(), store='sqlite:///{tmp_path}/s.db',\n"
        f"        environment={{'RECEIVER': '{webhook_server.url}'}},\n"
        "        settings=settings_of(), listeners=()) as running:\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        signal.alarm(5)\n"
        "        try:\n"
        "            running.emit('Order.insert', new=order(1))\n"
        "        except UsageError as error:\n"
        "            running.__exit__(None, None, None)\n"
        "            os._exit(7 if 'another process' in error.message else 1)\n"
        "        os._exit(2)\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "    running.emit('Order.insert', new=order(2))\n"
        "    running.until_idle(10)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout == "7\n", done.stderr
    assert webhook_server.last_payload == {"id": "o2", "status": "new", "total": "100.50"}


def test_replay_dlq_refuses_what_it_cannot_mean(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    wrong: list[dict[str, object]] = [
        {"delay": "soon"}, {"rate": 0}, {"rate": -1}, {"limit": 0}, {"plan": "old"},
        {"failed_before": "yesterday"}, {"filter": {"state": "dead"}},
    ]  # fmt: skip
    for arguments in wrong:
        with pytest.raises(UsageError):
            replay_dlq(store=store, **{"failed_after": date(2026, 3, 2), **arguments})  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="there is no store"):
        replay_dlq(failed_after=date(2026, 3, 2), store=store)
    assert not (tmp_path / "s.db").exists()
