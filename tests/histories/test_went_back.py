"""Histories that go back lose nothing, and what happened is said. Real files, real processes."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.histories.story import Story

JOURNALS = pytest.mark.parametrize("journal", ["wal", "delete"])


@pytest.fixture
def server() -> Iterator[MockWebhookServer]:
    with MockWebhookServer() as running:
        yield running


@JOURNALS
def test_a_backup_restored_between_two_runs(
    tmp_path: Path, server: MockWebhookServer, journal: str
) -> None:
    """As many changes as were consumed after the backup were once deleted unsent."""
    story = Story(tmp_path, server, journal)
    story.order(1, 2, 3)
    story.finish()
    story.backup()
    story.order(4, 5, 6)
    story.finish()
    for left in tmp_path.glob("shop.db-*"):
        left.unlink()
    shutil.copyfile(tmp_path / "backup.db", story.database)
    story.order(7, 8)
    said = story.finish()
    assert story.all_heard()
    assert "went back from 6 to 5" in said
    assert all(story.times(number) == 1 for number in range(1, 9))


RESETS = {
    "one": "UPDATE fql_main_source SET number = 1",
    "zero": "UPDATE fql_main_source SET number = 0",
}


@pytest.mark.parametrize("how", RESETS)
def test_a_sequence_that_is_reset(tmp_path: Path, server: MockWebhookServer, how: str) -> None:
    story = Story(tmp_path, server)
    story.order(1, 2, 3)
    story.finish()
    story.execute(RESETS[how])
    story.order(4, 5)
    story.finish()
    with story.running():
        story.order(6)
        story.until("the sixth", story.all_heard)
        story.until("an empty outbox", lambda: story.waiting() == 0)
        with story.connect() as connection:
            connection.execute("BEGIN")
            connection.execute(RESETS[how])
            connection.executemany("INSERT INTO orders VALUES(?, '')", [(n,) for n in range(7, 30)])
            connection.execute("COMMIT")
        story.said += range(7, 30)
        story.until("those after the reset", story.all_heard)
    assert all(story.times(number) == 1 for number in range(1, 30))


def moved_over(story: Story) -> None:
    story.copied().replace(story.database)


def copied_over(story: Story) -> None:
    shutil.copyfile(story.folder / "backup.db", story.database)


def restored(story: Story) -> None:
    with story.connect("backup.db") as source, story.connect() as target:
        source.backup(target)


def removed_and_made_anew(story: Story) -> None:
    for left in story.folder.glob("shop.db*"):
        left.unlink()
    time.sleep(1)
    story.copied().replace(story.database)


@JOURNALS
@pytest.mark.parametrize("how", [moved_over, copied_over, restored, removed_and_made_anew])
def test_a_backup_restored_below_a_running_engine(
    tmp_path: Path, server: MockWebhookServer, journal: str, how: Callable[[Story], None]
) -> None:
    story = Story(tmp_path, server, journal)
    story.order(1, 2, 3)
    with story.running():
        story.until("the first three", story.all_heard)
        story.until("an empty outbox", lambda: story.waiting() == 0)
        story.backup()
        story.order(4, 5, 6)
        story.until("the next three", story.all_heard)
        time.sleep(1)
        how(story)
        story.order(7, 8)
        story.until("those after the restore", story.all_heard)
        story.order(9)
        story.until("one more", story.all_heard)
        story.until("ready again", lambda: story.page("/ready")[0] == 200)
        metrics = story.page("/metrics")[1]
    assert 'fql_source_restored_total{source="shop"} 0.0' not in metrics, story.log()
    assert any(words in story.log() for words in ("was replaced", "went back")), story.log()
    story.finish()
    assert {len(keys) for keys in story.heard().values()} == {1}
    with story.connect() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_that_is_away_for_two_seconds(tmp_path: Path, server: MockWebhookServer) -> None:
    story = Story(tmp_path, server, "delete")
    with story.running():
        story.order(1)
        story.until("the first", story.all_heard)
        away = story.database.rename(tmp_path / "away.db")
        # A look may be under way at this moment, and finds something else wrong with the file.
        story.until("said", lambda: "is gone" in story.log(), 5)
        assert story.page("/ready")[0] == 503
        time.sleep(2)
        away.rename(story.database)
        story.order(2)
        story.until("the second", story.all_heard)
        story.until("ready again", lambda: story.page("/ready")[0] == 200, 2)
    assert "there again" in story.log()
    assert story.times(1) == story.times(2) == 1


def test_a_file_that_is_garbage_for_a_second(tmp_path: Path, server: MockWebhookServer) -> None:
    """A read that fails is said and tried again; it never ends a source."""
    story = Story(tmp_path, server, "delete")
    with story.running():
        story.order(1)
        story.until("the first", story.all_heard)
        good = story.database.read_bytes()
        story.database.write_bytes(os.urandom(len(good)))
        # Truncated and not yet written it is empty: a look then says that tables are missing.
        story.until("said", lambda: "cannot be read" in story.log(), 5)
        story.until("not ready", lambda: story.page("/ready")[0] == 503, 3)
        story.database.write_bytes(good)
        story.order(2)
        story.until("the second", story.all_heard)
        story.until("ready again", lambda: story.page("/ready")[0] == 200, 5)


def test_a_database_that_is_locked_for_a_while(tmp_path: Path, server: MockWebhookServer) -> None:
    story = Story(tmp_path, server, "delete")
    with story.running():
        with story.connect() as holder:
            holder.execute("BEGIN EXCLUSIVE")
            holder.execute("INSERT INTO orders VALUES(1, 'new')")
            time.sleep(7)
            holder.execute("COMMIT")
        story.said.append(1)
        story.until("what was written meanwhile", story.all_heard)
    assert "Traceback" not in story.log()


def test_capture_uninstalled_and_installed_below_a_running_engine(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    story = Story(tmp_path, server)
    with story.running():
        story.order(1, 2, 3)
        story.until("the first three", story.all_heard)
        story.fqlc("capture", "uninstall", "--force")
        story.until("said", lambda: story.page("/ready")[0] == 503, 2)
        story.fqlc("capture", "install", "shop.fql")
        story.until("ready again", lambda: story.page("/ready")[0] == 200, 2)
        story.order(4, 5)
        story.until("the others", story.all_heard)
    assert "was created again" in story.log()


def test_a_kill_before_rows_are_deleted_repeats_nothing(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    story = Story(tmp_path, server)
    with story.running() as process:
        story.at_once(*range(1, 51))
        story.until("all of them", story.all_heard)
        assert story.waiting() == 50
        process.send_signal(signal.SIGKILL)
        process.wait()
    story.order(51)
    story.finish()
    assert story.waiting() == 0
    assert all(len(keys) == 1 for keys in story.heard().values())
    again = [seen for seen in story.server.requests if "fql-redelivery" in seen.headers]
    times = sum(story.times(number) for number in range(1, 52))
    assert times == 51 + len(again), "only what the kill left on the wire"
