"""Receivers that lie, each in its own way, beside an honest one, through `fqlc run`: bounded time,
bounded memory, and the honest one never waits."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from fql.testing import MockWebhookServer, Reply

LIES = {
    "hang": "timeout",
    "drip": "timeout",
    "reset": "reset",
    "cut": "protocol|reset",
    "wrong_length": "timeout|protocol",
    "endless_headers": "protocol",
    "bomb": "",
    "garbage": "protocol",
}
"""A lie and the failure that is recorded for it; a bomb is a success whose body nobody unpacks."""
EVENTS = 15
MOST_MEMORY = 150_000_000


def source(urls: dict[str, str]) -> str:
    """One endpoint for each receiver, and one observer that tells them all."""
    endpoints = "".join(
        f'endpoint {name} {{ url: "{url}" timeout: 1s circuit: {{ failures: 1000 }} }}\n'
        for name, url in urls.items()
    )
    actions = "".join(
        f'  webhook tell_{name} {{ endpoint: {name} path: "/{name}" body: {{ id }} }}\n'
        for name in urls
    )
    names = ", ".join(f"tell_{name}" for name in urls)
    return (
        'entity Order from "orders" { id: Int @key }\n'
        "retry twice { max_attempts: 2, backoff: fixed, initial_delay: 50ms, jitter: none }\n"
        f"{endpoints}"
        f"observer placed {{\n  on: Order.insert\n  retry: twice\n{actions}"
        f"  flow {{ [{names}] }}\n}}\n"
    )


@contextmanager
def receivers() -> Iterator[dict[str, MockWebhookServer]]:
    """The liars and the honest one."""
    with ExitStack() as stack:
        found = {name: stack.enter_context(MockWebhookServer()) for name in (*LIES, "honest")}
        for name in LIES:
            found[name].always(Reply(200, fault=name, pace=0.2))
        packed = gzip.compress(bytes(100_000_000))
        found["bomb"].always(Reply(200, packed, {"Content-Encoding": "gzip"}))
        yield found


class Watch(threading.Thread):
    """Takes down the largest size of a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(process.pid)
        self.peak = 0

    def run(self) -> None:
        """Until the process has ended."""
        while True:
            try:
                self.peak = max(self.peak, self._process.memory_info().rss)
            except psutil.NoSuchProcess:
                return
            time.sleep(0.02)


def test_liars_cost_bounded_time_and_memory_and_delay_nobody(tmp_path: Path) -> None:
    with receivers() as servers:
        urls = {name: server.url for name, server in servers.items()}
        (tmp_path / "shop.fql").write_text(source(urls))
        (tmp_path / "fql.toml").write_text('[egress]\nallow = ["127.0.0.1/32"]\n')
        events = [
            {"entity": "Order", "event": "insert", "new": {"id": number}}
            for number in range(EVENTS)
        ]
        (tmp_path / "e.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        process = subprocess.Popen(
            [sys.executable, "-m", "fqlc", "run", "shop.fql", "--events", "e.jsonl",
             "--until-idle", "--timeout", "60s", "--format", "json"],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
        watch = Watch(process)
        watch.start()
        assert servers["hang"].wait_for(1, 30)
        began = time.monotonic()
        assert servers["honest"].wait_for(EVENTS, 30), "the honest receiver waits for nobody"
        honest_took = time.monotonic() - began
        out, err = process.communicate(timeout=60)
        watch.join()
    assert process.returncode == 0, err
    assert honest_took < 3
    assert watch.peak < MOST_MEMORY, f"{watch.peak:,} bytes"
    summary = json.loads(out)
    assert (summary["events"], summary["left"]) == (EVENTS, 0)
    done = subprocess.run(
        [sys.executable, "-m", "fqlc", "dlq", "list", "--limit", "1000", "--format", "json"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    letters = [json.loads(line) for line in done.stdout.splitlines()]
    told = {name: [x for x in letters if x["action"] == f"tell_{name}"] for name in servers}
    assert told["honest"] == []
    for lie, failures in LIES.items():
        assert len(told[lie]) == (EVENTS if failures else 0), lie
        for letter in told[lie]:
            assert letter["class"] == "exhausted", (lie, letter["reason"])
            assert len(letter["attempts"]) == 2, lie
            assert any(failure in letter["reason"] for failure in failures.split("|")), letter
