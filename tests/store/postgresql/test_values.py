"""Columns as arrays in PostgreSQL's binary form, also where one value is written once for many."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.store.postgresql.wire.values import bools, floats, int8s, texts

FEW = st.sampled_from
COLUMNS: list[tuple[Callable[..., bytes], str | None, st.SearchStrategy[Any]]] = [
    (int8s, ">q", FEW([None, 0, 1, -1, 2**62])),
    (bools, ">?", FEW([None, True, False])),
    (floats, ">d", FEW([None, 0.0, -0.0, 1.5, float("inf")])),
    (texts, None, FEW([None, "", "a", "Zoë", "x" * 300])),
]


def unpacked(array: bytes) -> list[bytes | None]:
    """What an array holds, read as PostgreSQL reads it."""
    dimensions, nulls, _ = struct.unpack_from(">iiI", array)
    if not dimensions:
        return []
    count, lower = struct.unpack_from(">ii", array, 12)
    assert (dimensions, lower) == (1, 1)
    found: list[bytes | None] = []
    at = 20
    for _ in range(count):
        (length,) = struct.unpack_from(">i", array, at)
        at += 4
        found.append(None if length < 0 else array[at : at + length])
        at += max(0, length)
    assert at == len(array)
    assert bool(nulls) == (None in found)
    return found


@pytest.mark.parametrize(("column", "kind", "value"), COLUMNS)
@given(data=st.data())
def test_a_column_holds_its_values(
    column: Callable[[Sequence[Any]], bytes], kind: str | None, value: st.SearchStrategy[Any],
    data: st.DataObject,
) -> None:  # fmt: skip
    rows = data.draw(st.lists(value, max_size=5) | value.map(lambda one: [one] * 130))

    def packed(one: Any) -> bytes | None:
        if one is None:
            return None
        return str(one).encode() if kind is None else struct.pack(kind, one)

    assert unpacked(column(rows)) == [packed(one) for one in rows]
