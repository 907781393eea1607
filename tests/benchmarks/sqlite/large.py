"""A store of millions of events and runs: what people ask, and a backup beside an engine.

    python -m tests.benchmarks.sqlite.large [EVENTS] [--folder FOLDER]

The store is filled by SQL: events with a run each, of which one in 500 is dead. Then it measures
`fqlc status` as a process, the lists of the page as a browser gets them, and `fqlc store backup`
while another connection commits 200 times a second. CPU is that of the process which answers: on a
busy machine it says more than the time. 5 million are 10 million rows.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from fql.app import Runtime
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of, settings_of
from tests.benchmarks.page.machine import load, machine

FIRST = 1 << 42
DEAD = 500
"""One run in so many is dead."""
STEP_MS = 8
"""Milliseconds between two events: 10 million are 22 hours."""
ROUNDS = 5
COMMITS = 200
"""Commits a second beside a backup."""
SHOP = """
observer placed {
  on: Order.insert
  webhook tell { endpoint: shop path: "/placed" body: { id } retry: { max_attempts: 1 } }
}
"""
VIEWS = {
    "the first page": "/",
    "the newest runs": "/runs",
    "dead runs": "/runs?state=dead",
    "runs of an observer": "/runs?observer=placed",
    "runs of a row": "/runs?row=Order+o{middle}",
    "runs of an hour": "/runs?since={hour}",
    "the newest events": "/events",
    "an event by its id": "/events?id=e{middle}",
    "the newest dead letters": "/dead",
    "dead letters of an action": "/dead?observer=placed&action=tell",
    "dead letters by a reason that is nowhere": "/dead?reason=nowhere",
    "a dead letter": "/dead/{letter}",
    "a run": "/runs/{run}",
    "endpoints": "/endpoints",
    "an endpoint": "/endpoints/shop",
    "batches": "/batches",
    "the plan": "/plan",
    "a row that is looked for": "/find?q=Order+o{middle}",
}
SHOWN = (200, 503)
"""What a view answers; 503 where its list was not found in time, which a busy machine decides."""
FQLC = [sys.executable, "-m", "fqlc"]
TOKEN = "a-token-of-a-program-0123456789abcdef"


async def seed(store: Path) -> None:
    """A store with a run that is done, and one that is dead."""
    with MockWebhookServer() as server:
        async with Runtime(
            plan_of(SHOP), store=f"sqlite:///{store}", settings=settings_of(),
            environment={"RECEIVER": server.url}, listeners=(),
        ) as running:  # fmt: skip
            await running.emit("Order.insert", new=order(1))
            await running.until_idle(10)
            server.always(503)
            await running.emit("Order.insert", new=order(2))
            await running.until_idle(10)


def fill(store: Path, events: int) -> None:
    """Many more of both, in one go: the indexes are made afterwards."""
    with closing(sqlite3.connect(store, isolation_level=None)) as made:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000",
                       "temp_store = FILE", "locking_mode = EXCLUSIVE"):  # fmt: skip
            made.execute(f"PRAGMA {pragma}")
        indexes = made.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name IN ('fql_event', 'fql_run')"
        ).fetchall()
        for name, _ in indexes:
            made.execute(f"DROP INDEX {name}")
        begin = int(time.time() * 1000) - events * STEP_MS
        for state, where in (("done", f"i % {DEAD} > 0"), ("dead", f"i % {DEAD} = 0")):
            copy(made, state, where, begin, events)
        made.execute("UPDATE fql_session SET id = max(id, ?), state = 'drained'", (FIRST >> 31,))
        for _, text in indexes:
            made.execute(text)
        made.execute("PRAGMA journal_mode = WAL")


def copy(made: sqlite3.Connection, state: str, where: str, begin: int, events: int) -> None:
    """Each event with its run, and the dead letter of a dead one."""
    count = f"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {events})"
    at = f"{begin} + i * {STEP_MS}"
    run = made.execute("SELECT id, event FROM fql_run WHERE state = ?", (state,)).fetchone()
    tables = {
        "fql_event": ("id", run[1], {
            "id": f"{FIRST} + 2 * i", "position": "i", "event_id": "'e' || i", "received": at,
            "payload": """'{"new":{"id":"o' || i || '","status":"new","total":"100.50"}}'""",
        }),
        "fql_run": ("id", run[0], {
            "id": f"{FIRST} + 2 * i + 1", "event": f"{FIRST} + 2 * i", "key": "'k' || i",
            "started": at, "ended": f"{at} + 5", "number": "i + 10", "row_key": "'o' || i",
        }),
    }  # fmt: skip
    if state == "dead":
        tables["webhook_dlq"] = ("run", run[0], {
            "dlq_id": f"printf('dlq_%x_tell', {FIRST} + 2 * i + 1)", "failed_at": at,
            "run": f"{FIRST} + 2 * i + 1", "event_id": "'e' || i", "row_key": "'o' || i",
            "number": "i + 10",
        })  # fmt: skip
    for table, (column, value, changed) in tables.items():
        names = [row[1] for row in made.execute(f"PRAGMA table_info({table})")]
        wanted = ", ".join(changed.get(name, f"t.{name}") for name in names)
        made.execute(
            f"{count} INSERT INTO {table} SELECT {wanted} FROM c CROSS JOIN"
            f" (SELECT * FROM {table} WHERE {column} = ? LIMIT 1) t WHERE {where}", (value,),
        )  # fmt: skip


class Spent(NamedTuple):
    """Seconds of a question: until it was answered, and of CPU."""

    time: float
    cpu: float


class Memory(NamedTuple):
    """Bytes of a process: those that are its own, and with what it shares."""

    own: int
    all: int


def timed_status(store: Path) -> list[Spent]:
    """The whole process, with the start of Python."""
    spent = []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*FQLC, "status", "--store", f"sqlite:///{store}"], cwd=store.parent,
                       stdout=subprocess.DEVNULL, check=False)  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        spent.append(Spent(time.perf_counter() - began, cpu))
    return spent


def cpu_of(process: int) -> float:
    """Seconds of CPU that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed_views(store: Path, events: int) -> tuple[dict[str, list[Spent]], Memory]:
    """Each view, by the page's own process, and the memory that it has then."""
    (store.parent / "fql.toml").write_text(f'[ui]\ntoken = "{TOKEN}"\nread_only = true\n')
    command = [*FQLC, "ui", "--listen", "127.0.0.1:0", "--store", f"sqlite:///{store}"]
    hour = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 7200))
    middle = events // 2 + 1
    dead = f"{FIRST + 2 * (middle // DEAD * DEAD) + 1:x}"
    names = {"middle": middle, "hour": hour, "letter": f"dlq_{dead}_tell", "run": f"run_{dead}"}
    found: dict[str, list[Spent]] = {}
    with subprocess.Popen(
        command, cwd=store.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        url = next(m[1] for line in process.stdout if (m := re.search(r"(http://[^/,\s]+)", line)))
        with httpx.Client(base_url=url, headers={"authorization": f"Bearer {TOKEN}"}) as browser:
            for name, view in VIEWS.items():
                path = view.format(**names)
                for _ in range(ROUNDS):
                    began, before = time.perf_counter(), cpu_of(process.pid)
                    answer = browser.get(path, timeout=60, follow_redirects=True)
                    spent = Spent(time.perf_counter() - began, cpu_of(process.pid) - before)
                    found.setdefault(name, []).append(spent)
                    assert answer.status_code in SHOWN, (path, answer.text[:500])
        used = psutil.Process(process.pid).memory_full_info()
        memory = Memory(used.uss, used.rss)
        process.terminate()
    return found, memory


def timed_backup(store: Path) -> tuple[float, float]:
    """Bytes a second, and the longest commit of another connection meanwhile."""
    over, longest = threading.Event(), 0.0

    def commits() -> None:
        nonlocal longest
        with closing(sqlite3.connect(store, isolation_level=None, timeout=30)) as other:
            other.execute("PRAGMA synchronous = FULL")
            while not over.wait(1 / COMMITS):
                began = time.perf_counter()
                other.execute("INSERT OR REPLACE INTO fql_meta VALUES('bench', ?)", (began,))
                longest = max(longest, time.perf_counter() - began)

    beside = threading.Thread(target=commits)
    beside.start()
    began = time.perf_counter()
    copied = store.with_name("copy.db")
    subprocess.run([*FQLC, "store", "backup", str(copied), "--store", f"sqlite:///{store}"],
                   cwd=store.parent, stdout=subprocess.DEVNULL, check=True)  # fmt: skip
    spent = time.perf_counter() - began
    over.set()
    beside.join()
    size = copied.stat().st_size
    copied.unlink()
    return size / spent, longest


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("events", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--folder", default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        store = Path(folder) / "fql.db"
        asyncio.run(seed(store))
        began = time.perf_counter()
        fill(store, given.events)
        size = store.stat().st_size / 1e9
        print(f"{machine()}; load {load()}")
        print(f"{given.events:,} events and runs: {size:.1f} GB, filled in"
              f" {time.perf_counter() - began:.0f} s")  # fmt: skip
        report("fqlc status", timed_status(store))
        views, memory = timed_views(store, given.events)
        for name, spent in views.items():
            report(name, spent)
        print(f"the page has {memory.own / 1e6:.0f} MB of its own, {memory.all / 1e6:.0f} with what"
              " is shared")  # fmt: skip
        speed, longest = timed_backup(store)
        print(f"backup: {speed / 1e6:.0f} MB/s, longest commit {longest * 1000:.0f} ms;"
              f" load {load()}")  # fmt: skip


def report(name: str, spent: list[Spent]) -> None:
    """The least and the median, and CPU."""
    times, cpu = [one.time * 1000 for one in spent], [one.cpu * 1000 for one in spent]
    print(f"{name}: {min(times):.0f} ms, median {statistics.median(times):.0f}, of CPU"
          f" {statistics.median(cpu):.0f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    os.environ.setdefault("NO_COLOR", "1")
    main()
