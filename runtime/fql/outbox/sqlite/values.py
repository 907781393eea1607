"""Values that triggers kept as SQLite has them, as rows in JSON text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from math import isinf

from fql.exact.reading import read_list
from fql.exact.writing import write_json
from fql.outbox.sqlite.tables import SAME_NAMES


class Text(bytes):
    """A text of SQLite as its bytes, which need not be UTF-8; a blob is plain `bytes`."""

    __slots__ = ()


def rows_in_json(
    new: bytes | None, old: bytes | None, values: Sequence[object]
) -> tuple[bytes | None, bytes | None, str]:
    """`new` and `old` as JSON objects, and what is wrong with them, or nothing.

    `new` and `old` are the names of their fields as JSON lists (`=` for `old`: those of `new`),
    `values` are those of `new` first.
    A blob becomes `["blob", "00FF"]`, an infinite number `["infinite", true]`: SQLite's columns
    hold no lists, so `fql.outbox.sqlite.rows` knows them. Bytes that are not UTF-8 are kept as
    escapes.
    """
    problems: list[str] = []
    remaining = iter(values)
    if old == SAME_NAMES.encode():
        old = new
    rows = [
        None if label is None else _row(side, label, remaining, problems)
        for side, label in (("new", new), ("old", old))
    ]
    return rows[0], rows[1], problems[0] if problems else ""


def _row(side: str, label: bytes, values: Iterator[object], problems: list[str]) -> bytes:
    names = [str(name) for name in read_list(label)]
    row = dict(zip(names, islice(values, len(names)), strict=True))
    return write_json(
        {name: _plain(value, f"{side}.{name}", problems) for name, value in row.items()}
    )


def _plain(value: object, path: str, problems: list[str]) -> object:
    if isinstance(value, Text):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            problems.append(f"`{path}` is not UTF-8: {error}")
            return value.decode("utf-8", "backslashreplace")
    if isinstance(value, bytes):
        return ["blob", value.hex().upper()]
    if isinstance(value, float) and isinf(value):
        return ["infinite", value > 0]
    return value
