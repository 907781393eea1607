"""From the application's commit to the receiver, and what `fqlc run` costs when nothing happens.

A real process reads the outbox of a SQLite database beside an application that inserts rows.
Targets (performance.md): p50 below 8 ms, below 1 % of one core when idle.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from fql.testing import MockWebhookServer

FQLC = Path(sys.executable).with_name("fqlc")
ROWS = 200
IDLE_SECONDS = 10

SOURCE = """
entity Order from "orders" { id: Int @key status: String }
observer placed { on: Order.insert webhook tell { url: "%s/orders" body: { id } } }
"""
SETTINGS = """
[egress]
allow = ["127.0.0.1/32"]
[sources.shop]
kind = "sqlite"
database = "shop.db"
"""


def prepare(folder: Path, url: str) -> sqlite3.Connection:
    """The project, its database, and the triggers."""
    (folder / "shop.fql").write_text(SOURCE % url)
    (folder / "fql.toml").write_text(SETTINGS)
    connection = sqlite3.connect(folder / "shop.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, status TEXT)")
    install = [str(FQLC), "capture", "install", "--database", "shop.db", "shop.fql"]
    subprocess.run(install, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return connection


def idle_share(process: psutil.Process) -> float:
    """Per cent of one core while nothing happens."""
    before = process.cpu_times()
    time.sleep(IDLE_SECONDS)
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system) / IDLE_SECONDS * 100


def latencies(connection: sqlite3.Connection, server: MockWebhookServer) -> list[float]:
    """Milliseconds from the return of the commit to the request, in order of size."""
    found = []
    for number in range(ROWS):
        connection.execute("INSERT INTO orders VALUES(?, 'new')", (number,))
        committed = time.monotonic()
        assert server.wait_for(number + 1)
        found.append((server.requests[-1].at - committed) * 1000)
        time.sleep(0.02)
    return sorted(found)


def main() -> None:
    with tempfile.TemporaryDirectory() as name, MockWebhookServer() as server:
        folder = Path(name)
        connection = prepare(folder, server.url)
        running = subprocess.Popen(
            [str(FQLC), "run", "shop.fql"], cwd=folder, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, env=os.environ,
        )  # fmt: skip
        try:
            time.sleep(4)
            idle = idle_share(psutil.Process(running.pid))
            found = latencies(connection, server)
        finally:
            running.terminate()
            running.wait()
            connection.close()
    middle, late = found[len(found) // 2], found[len(found) * 99 // 100]
    print(
        f"commit to receiver: p50 {middle:.1f} ms, p99 {late:.1f} ms; idle {idle:.1f} % of a core"
    )


if __name__ == "__main__":
    main()
