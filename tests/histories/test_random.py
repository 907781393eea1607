"""Histories drawn at random, with a ledger: each committed order is sent, under one key, and
nothing else is."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.histories.story import Story
from tests.histories.test_health import rebuild


class Driver:
    """One shop, and what happens to it."""

    def __init__(self, story: Story, seed: int) -> None:
        self.story = story
        self.random = random.Random(seed)
        self.number = 0
        self.events: list[str] = []
        self.running = ExitStack()
        self.process: subprocess.Popen[bytes] | None = None

    def live(self, steps: int) -> None:
        """So many events, then the end."""
        acts: list[Callable[[], None]] = [
            self.trade, self.trade, self.trade, self.back_up, self.move_over, self.copy_over,
            self.restore, self.reset, self.rebuild, self.make_anew, self.kill, self.end, self.hide,
            self.vacuum, self.another,
        ]  # fmt: skip
        self.start()
        self.trade()
        self.back_up()
        try:
            for _ in range(steps):
                act = self.random.choice(acts)
                self.events.append(act.__name__)
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
        self.story.execute("DELETE FROM sqlite_sequence")

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


def live(folder: Path, journal: str, seed: int, steps: int) -> None:
    """A whole history, and the ledger."""
    with MockWebhookServer() as server:
        story = Story(folder, server, journal)
        driver = Driver(story, seed)
        try:
            driver.live(steps)
            story.finish()
            heard = story.heard()
            assert set(heard) == set(story.said), "each committed order is heard of, nothing else"
            assert {len(keys) for keys in heard.values()} == {1}, "each under one key"
            assert len({key for keys in heard.values() for key in keys}) == len(story.said)
            assert story.waiting() == 0
            with story.connect() as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        except BaseException as problem:
            problem.add_note(f"seed {seed}, journal {journal}: {driver.events}")
            raise


@pytest.mark.parametrize(("journal", "seed"), [("wal", 1), ("delete", 2)])
def test_a_short_history(tmp_path: Path, journal: str, seed: int) -> None:
    live(tmp_path, journal, seed, 6)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("seed", range(100, 106))
def test_a_long_history(tmp_path: Path, journal: str, seed: int) -> None:
    live(tmp_path, journal, seed, 40)
