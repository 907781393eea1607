"""Histories drawn at random, with a ledger: each committed order is sent, under one key, and
nothing else is."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.histories.story import Story
from tests.histories.test_health import rebuild
from tests.kills.places import Place, place_of

KINDS = (
    "trade", "trade", "trade", "back_up", "move_over", "copy_over", "restore", "reset", "rebuild",
    "make_anew", "kill", "end", "hide", "vacuum", "another",
)  # fmt: skip
OF_A_SERVER = {
    "sqlite": (), "nats": ("killed", "stopped"),
    "postgresql": ("killed", "stopped", "cut off", "failed over"),
}  # fmt: skip
"""What happens to the server of the store, in the words of `tests/kills/places.py`."""
SLOW = ("kill",)
"""In NATS a killed engine is followed after its lease, 30 s."""


def drawn(seed: int, steps: int, kind: str, *, slow: bool) -> tuple[str, ...]:
    """What happens in a history."""
    chance = random.Random(seed)
    kinds = [*KINDS, *OF_A_SERVER[kind]]
    if kind == "nats" and not slow:
        kinds = [one for one in kinds if one not in SLOW]
    return tuple(chance.choice(kinds) for _ in range(steps))


class Driver:
    """One shop, and what happens to it."""

    def __init__(self, story: Story, seed: int, place: Place) -> None:
        self.story = story
        self.place = place
        self.random = random.Random(seed)
        self.number = 0
        self.events: list[str] = []
        self.running = ExitStack()
        self.process: subprocess.Popen[bytes] | None = None

    def live(self, names: Sequence[str]) -> None:
        """These events, then the end."""
        self.start()
        self.trade()
        self.back_up()
        try:
            for name in names:
                self.events.append(name)
                act = self.place.happenings.get(name) or getattr(self, name)
                act()
                self.trade()
        finally:
            self.running.close()

    def start(self) -> None:
        self.process = self.running.enter_context(self.story.running())

    def trade(self) -> None:
        """Orders, one by one or together; some are rolled back."""
        count = self.random.randrange(1, 12)
        numbers = range(self.number + 1, self.number + count + 1)
        self.number += count
        with self.story.connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO orders VALUES(?, 'never')", (-self.number,))
            connection.execute("ROLLBACK")
        if self.random.random() < 0.5:
            self.story.at_once(*numbers)
        else:
            self.story.order(*numbers)

    def heard(self) -> None:
        """What is not read when a file is overwritten is gone: nobody can know it."""
        self.story.until(f"all of {self.events}", self.story.all_heard, 60)

    def back_up(self) -> None:
        self.story.backup()

    def move_over(self) -> None:
        """A rollback journal leaves the old file whole: what was not read is read from there."""
        if self.story.journal == "wal":
            self.heard()
            time.sleep(1)
        self.story.copied().replace(self.story.database)

    def copy_over(self) -> None:
        self.heard()
        time.sleep(1)
        shutil.copyfile(self.story.folder / "backup.db", self.story.database)

    def restore(self) -> None:
        self.heard()
        with self.story.connect("backup.db") as source, self.story.connect() as target:
            source.backup(target)

    def reset(self) -> None:
        self.heard()
        self.story.execute("UPDATE fql_main_source SET number = 0")

    def rebuild(self) -> None:
        """A migration: until the triggers are there again, nothing is written."""
        with self.story.connect() as connection:
            rebuild(connection)
        self.story.fqlc("capture", "install", "shop.fql")

    def make_anew(self) -> None:
        self.heard()
        self.story.fqlc("capture", "uninstall", "--force")
        self.story.fqlc("capture", "install", "shop.fql")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.running.close()
        if self.random.random() < 0.5:
            self.trade()
        self.start()

    def end(self) -> None:
        self.running.close()
        self.trade()
        self.start()

    def vacuum(self) -> None:
        self.story.execute("VACUUM")

    def another(self) -> None:
        """A second engine with a store of its own is refused, and takes nothing."""
        self.heard()
        self.story.fqlc("run", "shop.fql", "--store", "sqlite:///another.db", code=3)

    def hide(self) -> None:
        away = self.story.database.rename(self.story.folder / "away.db")
        time.sleep(self.random.uniform(0, 1))
        away.rename(self.story.database)


def live(folder: Path, kind: str, journal: str, seed: int, names: Sequence[str]) -> None:
    """A whole history, and the ledger."""
    folder.mkdir()
    with MockWebhookServer() as server, place_of(kind) as place:
        story = Story(folder, server, journal, "" if kind == "sqlite" else place.store)
        driver = Driver(story, seed, place)
        try:
            driver.live(names)
            story.finish()
            heard = story.heard()
            assert set(heard) == set(story.said), "each committed order is heard of, nothing else"
            assert {len(keys) for keys in heard.values()} == {1}, "each under one key"
            assert len({key for keys in heard.values() for key in keys}) == len(story.said)
            assert story.waiting() == 0
            with story.connect() as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        except BaseException as problem:
            problem.add_note(f"{kind}, seed {seed}, journal {journal}: {driver.events}")
            raise


def shrunk(names: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """The events that are needed to fail, found by leaving others out, the larger parts first."""
    left, size = tuple(names), len(names) // 2
    while size:
        at = 0
        while at < len(left):
            without = left[:at] + left[at + size :]
            left, at = (without, at) if fails(without) else (left, at + size)
        size //= 2
    return left


def test_shrinking_finds_what_is_needed() -> None:
    names = list("abcdefghijklm")
    assert shrunk(names, lambda some: {"c", "k"} <= set(some)) == ("c", "k")
    assert shrunk(names, lambda some: "abc" in "".join(some)) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("kind", "journal", "seed", "steps"),
    [("sqlite", "wal", 1, 5), ("sqlite", "delete", 2, 4),
     ("postgresql", "wal", 10, 2), ("nats", "wal", 9, 2)],
)  # fmt: skip
def test_a_short_history(tmp_path: Path, kind: str, journal: str, seed: int, steps: int) -> None:
    live(tmp_path / "shop", kind, journal, seed, drawn(seed, steps, kind, slow=False))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "nats"])
@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("seed", range(100, 106))
def test_a_long_history(tmp_path: Path, kind: str, journal: str, seed: int) -> None:
    """One that fails is played again without some of its events, until all that are left are
    needed."""
    names, tries = drawn(seed, 40, kind, slow=True), count()

    def fails(some: Sequence[str]) -> bool:
        try:
            live(tmp_path / str(next(tries)), kind, journal, seed, some)
        except AssertionError:
            return True
        return False

    if fails(names):
        needed = shrunk(names, fails)
        live(tmp_path / "last", kind, journal, seed, needed)
        pytest.fail(f"not each time: {needed}")
