"""The application of example 06 as threads that write, and what of it is committed."""

from __future__ import annotations

import importlib.util
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import ModuleType

EXAMPLE = Path(__file__).parents[2] / "examples" / "06_shop_with_sqlite"


def example() -> ModuleType:
    """The example's own program."""
    spec = importlib.util.spec_from_file_location("storm_shop", EXAMPLE / "shop.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class Order:
    """What was committed of an order."""

    number: int
    total: Decimal
    priority: bool
    shipped: bool

    def expected(self) -> set[tuple[str, int]]:
        """The deliveries that must come of it."""
        found = {("pick", self.number)}
        if self.shipped and (self.total > 100 or self.priority):
            found |= {("label", self.number), ("crm", self.number)}
            found |= {("statistics", self.number)} if self.total >= 200 else set()
        return found

    def possible(self) -> set[tuple[str, int]]:
        """Those that may come of it, where it was undone by a restore."""
        return {(name, self.number) for name in ("pick", "label", "crm", "statistics")}


@dataclass
class Shop:
    """Writers that go on until the end. `still()` lets nobody write, as during a migration;
    `committed` is what counts, `undone` what a restore has taken back."""

    database: Path
    seed: int
    pause: float
    committed: dict[int, Order] = field(default_factory=dict)
    undone: dict[int, Order] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shop = example()
        self._numbers = count(1)
        self._held = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(2)]
        self.failures: list[str] = []

    @contextmanager
    def open(self) -> Iterator[Shop]:
        """Write from now on."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nobody writes, and no writer has the file open."""
        with self._held:
            yield

    def _work(self, writer: int) -> None:
        chance = random.Random(self.seed * 1000 + writer)
        while not self._stop.is_set():
            with self._held, closing(self._shop.connect(str(self.database))) as db:
                for _ in range(chance.randint(1, 5)):
                    self._order(db, chance)
            time.sleep(self.pause * chance.random())

    def _order(self, db: sqlite3.Connection, chance: random.Random) -> None:
        number = next(self._numbers)
        try:
            db.execute("begin immediate")
            total, priority = self._shop.place(db, number, chance)
            self._shop.pay(db, number)
            db.execute("commit")
            self.committed[number] = Order(number, Decimal(total), priority, False)
            shipped = chance.random() < 0.8
            db.execute("begin immediate")
            self._shop.ship(db, number)
            db.execute("commit" if shipped else "rollback")
            self.committed[number] = Order(number, Decimal(total), priority, shipped)
        except sqlite3.OperationalError as problem:
            self.failures.append(str(problem))

    def went_back(self, kept: frozenset[int]) -> None:
        """The file holds what it held when these were all that was committed."""
        for number in [n for n in self.committed if n not in kept]:
            self.undone[number] = self.committed.pop(number)
