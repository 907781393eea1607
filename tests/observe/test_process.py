"""`fqlc run` as a process: metrics and probes on its port, JSON lines on standard error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fql.testing import MockWebhookServer
from tests.observe.support import SOURCE, parsed, read

SETTINGS = """
[egress]
allow = ["127.0.0.1/32"]
[observability.prometheus]
host = "127.0.0.1"
port = 0
[observability.logging]
level = "debug"
"""
EVENT = {
    "entity": "Order", "event": "insert", "id": "evt-1",
    "new": {"id": "o1", "status": "new", "total": "1"},
}  # fmt: skip


@contextmanager
def fqlc_run(folder: Path, url: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and the port that its log names."""
    (folder / "shop.fql").write_text(SOURCE)
    (folder / "fql.toml").write_text(SETTINGS)
    running = subprocess.Popen(
        [sys.executable, "-m", "fqlc", "run", "shop.fql"], cwd=folder, text=True,
        stderr=subprocess.PIPE, env=os.environ | {"RECEIVER": url},
    )  # fmt: skip
    assert running.stderr is not None
    try:
        port = 0
        for line in running.stderr:
            fields = json.loads(line)
            port = fields.get("port", port)
            if fields.get("event") == "Ready":
                break
        yield running, port
    finally:
        running.kill()
        running.wait()


def test_run_serves_metrics_and_logs_json_lines(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    with fqlc_run(tmp_path, webhook_server.url) as (running, port):
        assert read(port, "/ready")[0] == 200
        emit = [sys.executable, "-m", "fqlc", "emit", "-"]
        subprocess.run(emit, cwd=tmp_path, input=json.dumps(EVENT), text=True, check=True)
        assert webhook_server.wait_for(1, 30)
        for _ in range(1500):
            seen = parsed(read(port)[2])
            if seen.value("fql_runs_total", state="done"):
                break
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=30)
    assert seen.value("fql_webhook_total") == webhook_server.call_count == 1
    assert seen.value("fql_events_total", source="inbox", result="accepted") == 1
    lines = [json.loads(line) for line in errors.splitlines()]
    (attempt,) = [line for line in lines if line.get("event") == "AttemptEnded"]
    assert (attempt["event_id"], attempt["status"]) == ("evt-1", 200)
    assert running.returncode == 0
