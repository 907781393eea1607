"""The power goes under a story: what is left, and how it goes on."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from tests.disk.power import WAYS, left_over
from tests.disk.story import STORE, Story, check_ledger, go_on


def restore(folder: Path, files: dict[Path, bytes]) -> Path:
    """Write what is left into a folder of its own; shared memory is gone in any case."""
    folder.mkdir()
    for path, data in files.items():
        (folder / path.name).write_bytes(data)
    return folder


def check_soundness(store: Path) -> None:
    connection = sqlite3.connect(store)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


async def cut(story: Story, folder: Path, seed: int) -> None:
    """One end of the story, and how it goes on."""
    rng = random.Random(seed)
    way = WAYS[seed % len(WAYS)]
    first = min(story.promised.values())
    moment = rng.randrange(first, len(story.ops) + 1)
    promised = {number for number, mark in story.promised.items() if mark <= moment}
    before = [one for one in story.sent if one.mark <= moment]
    restore(folder, left_over(story.ops[:moment], rng, way))
    check_soundness(folder / STORE)
    after = await go_on(folder, promised, len(story.promised))
    check_ledger(before, after, len(story.promised))
