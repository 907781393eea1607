"""Rows written in groups: all of them, whatever their number."""

from __future__ import annotations

import sqlite3

import pytest

from fql.store.sqlite.write import LARGEST_GROUP, at_once


@pytest.mark.parametrize("count", [0, 1, 2, 3, 127, 128, 129, 3 * LARGEST_GROUP + 7])
def test_every_row_is_written_once(count: int) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t(number INTEGER PRIMARY KEY, text TEXT)")
    rows = [(number, f"row {number}") for number in range(count)]
    at_once(connection, "INSERT INTO t {rows}", rows)
    assert connection.execute("SELECT * FROM t ORDER BY number").fetchall() == rows
    connection.close()


def test_few_statements_serve_all_numbers() -> None:
    """Groups are powers of two, so that prepared statements are used again."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t(number INTEGER)")
    seen: set[str] = set()
    connection.set_trace_callback(lambda text: seen.add(text.count("(") * "x"))
    for count in range(1, 200):
        at_once(connection, "INSERT INTO t {rows}", [(1,)] * count)
    connection.set_trace_callback(None)
    assert len(seen) <= 10
    connection.close()
