"""A copy of a file that has lost its name is whole, or there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.outbox.sqlite.peephole import peephole


def test_a_file_that_nothing_has_open_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """A reader once took it so, and said that a table does not exist."""
    path = tmp_path / "shop.db"
    path.write_bytes(b"x" * 3_000_000)
    hole = peephole(path)
    if hole is None:
        pytest.skip("this system has no such look at a file")
    found = path.stat()
    inode = found.st_dev, found.st_ino
    with (tmp_path / "copy").open("w+b") as target:
        assert not hole.copy(inode, target)
        with path.open("rb"):
            path.rename(tmp_path / "away.db")
            assert hole.copy(inode, target)
    assert (tmp_path / "copy").read_bytes() == b"x" * 3_000_000
