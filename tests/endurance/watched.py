"""What a run of hours is like: a line each minute, and a table in the end."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import psutil

from fql.testing import MockWebhookServer
from tests.kills.loop import Counts
from tests.kills.places import Place
from tests.kills.shop import Shop, connect

MINUTE = 60.0
"""Seconds between two looks; less in a short run."""
PARTS = 4
HEAD = (
    "| part | committed | backlog | healthy receiver p50, p99, max ms | memory of an engine MB |"
    " files | CPU s | store MB | outbox | load |\n|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Sample:
    """What was so at one moment: `backlog` are deliveries that no receiver has heard of, `outbox`
    rows that no engine has taken; memory and open files are those of each engine."""

    second: float
    committed: int
    backlog: int
    rss: tuple[float, ...]
    files: tuple[int, ...]
    cpu: float
    store: float
    outbox: int
    load: float
    kills: int
    others: int


class Watch:
    """Looks at a shop, its engines and its healthy receiver, `/welcome`, from a thread of its own
    while it is a context. `steps` are the paths for which there is a delivery of each order."""

    def __init__(
        self, server: MockWebhookServer, shop: Shop, place: Place,
        engines: Callable[[], Sequence[psutil.Process]], steps: Sequence[str] = ("/welcome",),
        counts: Counts | None = None, every: float = MINUTE,
    ) -> None:  # fmt: skip
        self._server, self._shop, self._place = server, shop, place
        self._engines, self._steps = engines, steps
        self._counts = counts or Counts()
        self._every = every
        self._lock = threading.Lock()
        self._so_far = 0
        self._heard: dict[tuple[str, int], float] = {}
        self._spent: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.samples: list[Sample] = []
        self.begun = self._ended = self._drained = 0.0
        self._left = 0

    def __enter__(self) -> Self:
        self.begun = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def backlog(self) -> int:
        """How many deliveries no receiver has heard of yet."""
        with self._lock:
            came = self._server.requests
            for request in came[self._so_far :]:
                payload = request.payload
                assert isinstance(payload, dict)
                self._heard.setdefault((request.path, payload["id"]), request.at)
            self._so_far = len(came)
            committed = len(self._steps) * len(self._shop.placed) + 3 * len(self._shop.paid)
            return committed - len(self._heard)

    def ended(self) -> None:
        """Nothing more is written: what is left drains from now on."""
        self._ended, self._left = time.monotonic(), self.backlog()
        self.samples.append(self._sample())

    def drained(self) -> None:
        """Nothing is left."""
        self._drained = time.monotonic()
        assert self.backlog() == 0
        self.samples.append(self._sample())

    def _look(self) -> None:
        while not self._over.wait(self._every):
            sample = self._sample()
            self.samples.append(sample)
            p50, p99, most = self._waits(sample.second - self._every, sample.second)
            told = asdict(sample) | {"p50": p50, "p99": p99, "max": most}
            print(json.dumps(told), flush=True)

    def _sample(self) -> Sample:
        rss, files = [], []
        for engine in self._engines():
            with suppress(psutil.NoSuchProcess):
                rss.append(round(engine.memory_info().rss / 1e6, 1))
                files.append(engine.num_fds())
                times = engine.cpu_times()
                self._spent[engine.pid] = times.user + times.system
        return Sample(
            round(time.monotonic() - self.begun, 1), len(self._shop.placed), self.backlog(),
            tuple(rss), tuple(files), round(sum(self._spent.values()), 1), self._size(),
            self._waiting(), round(os.getloadavg()[0], 1), self._counts.kills,
            self._counts.others.total(),
        )  # fmt: skip

    def _size(self) -> float:
        folder = self._place.files()
        found = self._shop.folder.glob("fql.db*") if folder is None else folder.rglob("*")
        return round(sum(map(_size_of, found)) / 1e6, 1)

    def _waiting(self) -> int:
        with suppress(sqlite3.OperationalError), connect(self._shop.folder) as connection:
            (rows,) = connection.execute("SELECT count(*) FROM fql_main_outbox").fetchone()
            return int(rows)
        return 0  # capture is not installed yet

    def _waits(self, since: float, until: float) -> tuple[float, float, float]:
        """Milliseconds from the commit to the healthy receiver, for what was committed then."""
        since, until = since + self.begun, until + self.begun
        placed = dict(self._shop.placed)
        waits = sorted(
            (self._heard[place] - at) * 1000
            for number, at in placed.items()
            if since <= at < until and (place := ("/welcome", number)) in self._heard
        ) or [0.0]
        p50, p99, most = waits[len(waits) // 2], waits[len(waits) * 99 // 100], waits[-1]
        return round(p50, 1), round(p99, 1), round(most, 1)

    def summary(self, name: str) -> str:
        """A table with a row for each part of the time, and what became of the backlog."""
        end = (self._ended or self._drained) - self.begun
        rows = [f"{name}: {end:.0f} s", HEAD]
        for part in range(PARTS):
            since, until = end * part / PARTS, end * (part + 1) / PARTS
            rows.append(self._row(f"{since / 60:.0f}-{until / 60:.0f}", since, until))
        if self._ended:
            took = self._drained - self._ended
            rows.append(f"backlog of {self._left:,} drained in {took:.0f} s: {self.samples[-1]}")
        rows.append(f"{len(self._heard):,} deliveries, nothing lost: {self._counts}")
        return "\n".join(rows)

    def _row(self, name: str, since: float, until: float) -> str:
        found = [one for one in self.samples if since < one.second <= until + 1]
        if not found:
            return f"| {name} | nobody looked |"
        last = found[-1]
        rss = [one for sample in found for one in sample.rss] or [0.0]
        files = [one for sample in found for one in sample.files] or [0]
        p50, p99, most = self._waits(since, until)
        return (
            f"| {name} | {last.committed:,} | {last.backlog:,} | {p50:.0f}, {p99:.0f}, {most:.0f}"
            f" | {min(rss)} to {max(rss)} | {max(files)} | {last.cpu:.0f} | {last.store}"
            f" | {max(one.outbox for one in found)} | {max(one.load for one in found)} |"
        )


def _size_of(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size if path.is_file() else 0
    return 0
