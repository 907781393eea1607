"""`fqlc run` on an application's SQLite file under load, and what a receiver's ledger must show."""

from __future__ import annotations

import itertools
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fql.testing.received import ReceivedRequest

SOURCE = """
entity Order from "orders" {
  id: Int @key
  customer: Int
  status: String
}
endpoint receiver { url: "${RECEIVER}" timeout: 60s }
endpoint warehouse { url: "${RECEIVER}" timeout: 60s }
retry patient { max_attempts: 40, backoff: fixed, initial_delay: 20ms, jitter: none }
observer paid {
  on: Order.update
  when: status.changed_to("paid")
  retry: patient
  webhook stock { endpoint: warehouse path: "/stock" body: { id } }
  webhook label { endpoint: warehouse path: "/label" body: { id } }
  webhook books { endpoint: warehouse path: "/books" body: { id } }
  flow { stock -> [label, books] }
}
observer placed {
  on: Order.insert
  order_by: customer
  retry: patient
  webhook welcome { endpoint: receiver path: "/welcome" body: { id, customer } }
}
"""
PACKED = """
observer packed {
  on: Order.insert
  order_by: customer
  retry: patient
  webhook pack { endpoint: warehouse path: "/pack" body: { id, customer } }
}
"""
"""What a warehouse may be asked besides, in order as well."""
SETTINGS = """[egress]
allow = ["127.0.0.1/32"]
[sources.shop]
kind = "sqlite"
database = "shop.db"
[webhooks.dispatch]
crash_budget = 1000
"""
CUSTOMERS = 5
MAX_IN_FLIGHT = 256


def write_shop(
    folder: Path, url: str, store: str = "sqlite:///fql.db", settings: str = "", more: str = ""
) -> None:
    """Project, database and triggers; `settings` are more keys of [store], `more` is more of the
    program."""
    (folder / "shop.fql").write_text((SOURCE + more).replace("${RECEIVER}", url))
    (folder / "fql.toml").write_text(f'{SETTINGS}[store]\nurl = "{store}"\n{settings}\n')
    make_tables(folder)
    fqlc(folder, "capture", "install", "shop.fql")


def make_tables(folder: Path) -> None:
    """The application's own."""
    with connect(folder) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER, status TEXT)"
        )


@contextmanager
def connect(folder: Path) -> Iterator[sqlite3.Connection]:
    """The application's own connection."""
    connection = sqlite3.connect(folder / "shop.db", timeout=20, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def fqlc(folder: Path, *arguments: str, seconds: float = 600) -> str:
    """Run a command to its end, which comes within so many seconds."""
    command = [sys.executable, "-m", "fqlc", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`fqlc run` in the background."""
    with (folder / "run.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "fqlc", "run", "shop.fql"],
            cwd=folder, stdout=log, stderr=log, env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@dataclass
class Shop:
    """An application that writes orders until it is told to stop. Some of its transactions are
    rolled back: nobody may ever hear of those. `placed` and `paid` have when each was committed, in
    seconds of a clock that only goes forward."""

    folder: Path
    pause: float = 0.01
    placed: dict[int, float] = field(default_factory=dict)
    paid: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Shop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        number = 0
        with connect(self.folder) as connection:
            while not self._stop.is_set():
                number += 1
                self._order(connection, number)
                time.sleep(self.pause)

    def _order(self, connection: sqlite3.Connection, number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO orders VALUES(?, ?, 'new')", (number, number % CUSTOMERS))
        if number % 10 == 0:
            connection.execute("ROLLBACK")
            return
        connection.execute("COMMIT")
        self.placed[number] = time.monotonic()
        if number % 2:
            connection.execute("UPDATE orders SET status = 'paid' WHERE id = ?", (number,))
            self.paid[number] = time.monotonic()


def check_ledger(
    requests: Sequence[ReceivedRequest], shop: Shop, kills: int,
    in_order: Sequence[str] = ("/welcome",),
) -> None:  # fmt: skip
    """Nothing lost, nothing invented, one key for each intent, order kept, duplicates bounded. What
    comes of each order has the paths `in_order`, and one customer's come in their order."""
    first: dict[tuple[str, int], int] = {}
    keys: dict[tuple[str, int], set[str]] = defaultdict(set)
    attempts: dict[str, list[int]] = defaultdict(list)
    for index, request in enumerate(requests):
        payload = request.payload
        assert isinstance(payload, dict)
        place = (request.path, payload["id"])
        first.setdefault(place, index)
        keys[place].add(request.key)
        attempts[request.key].append(request.attempt)
    wanted = {(path, number) for path in in_order for number in shop.placed}
    wanted |= {(path, n) for path in ("/stock", "/label", "/books") for n in shop.paid}
    assert not wanted - set(first), f"lost: {sorted(wanted - set(first))}"
    assert not set(first) - wanted, f"invented: {sorted(set(first) - wanted)}"
    assert all(len(found) == 1 for found in keys.values())
    assert len(attempts) == len(wanted), "no two intents share a key"
    for number in shop.paid:
        for later in ("/label", "/books"):
            assert first["/stock", number] < first[later, number]
    for path, customer in itertools.product(in_order, range(CUSTOMERS)):
        line = [first[path, n] for n in shop.placed if n % CUSTOMERS == customer]
        assert line == sorted(line), "one customer's orders in their order"
    assert all(made == sorted(made) for made in attempts.values()), "attempts count on"
    repeated = sum(len(made) - len(set(made)) for made in attempts.values())
    assert repeated == 0, "an attempt number is never used twice"
    again = sum(request.headers.get("fql-redelivery") == "1" for request in requests)
    assert again <= kills * MAX_IN_FLIGHT
