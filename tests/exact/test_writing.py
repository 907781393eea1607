"""The one writer of JSON, and that it agrees with the reader."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fql.exact.numbers import JsonNumber, NumericId, plain_int
from fql.exact.reading import FOREIGN_NESTING, MAX_NESTING, NotJson, read_foreign, read_json
from fql.exact.writing import (
    NotWritable,
    canonical_json,
    json_text,
    pretty_json,
    write_given,
    write_json,
)

NAN = float("nan")


class Pair(NamedTuple):
    """A tuple with names."""

    left: object
    right: object


class Colour(StrEnum):
    """A text with a name."""

    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**64, "18446744073709551616"),
        (-(2**63) - 1, "-9223372036854775809"),
        (Decimal("1.50"), '"1.50"'),
        (Decimal("1e3"), '"1000"'),
        (JsonNumber("1.50"), "1.50"),
        (JsonNumber("1e400"), "1E+400"),
        (NumericId("7"), "7"),
        (timedelta(seconds=2), "2000"),
        (datetime(2026, 3, 2, 14, tzinfo=UTC), '"2026-03-02T14:00:00Z"'),
        (date(2026, 3, 2), '"2026-03-02"'),
        (MappingProxyType({"a": MappingProxyType({})}), '{"a":{}}'),
        (Pair(2**70, JsonNumber("0.1")), "[1180591620717411303424,0.1]"),
        (
            {"a": None, "b": 1.5, "c": [True, (1, "null")]},
            '{"a":null,"b":1.5,"c":[true,[1,"null"]]}',
        ),
        ({"é": "\u2028"}, '{"é":"\u2028"}'),
        (Colour.RED, '"red"'),
    ],
)
def test_values(value: object, text: str) -> None:
    assert write_json(value) == text.encode()
    assert json_text(value) == text
    assert write_json([value, 2**90]) == f"[{text},{2**90}]".encode()


def test_integers_of_any_size() -> None:
    assert write_json(10**5_000) == b"1" + b"0" * 5_000


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (NAN, "^it is nan, which is not a JSON number"),
        ({"a": {"b": [1, float("inf")]}}, r"^a\.b\[1\] is inf, which"),
        ({"n": None, "x": JsonNumber("NaN")}, "^x is NaN, which"),
        ([Decimal("-Infinity")], r"^\[0\] is -Infinity, which"),
        (MappingProxyType({"a": (NAN,)}), r"^a\[0\] is nan"),
        ({"a": "\ud800"}, "^a holds half of a surrogate pair"),
        ({"\ud800": 1}, r"^it has a key that is not a text: '\\ud800'"),
        ({"a": {1: 2}}, "^a has a key that is not a text: 1"),
        ({"a": {1, 2}}, "^a is of type set, which has no JSON form"),
        (b"bytes", "^it is of type bytes"),
        ({"big": 2**70, "x": object()}, "^x is of type object"),
        ({"big": 2**70, "x": NAN}, "^x is nan"),
    ],
)
def test_what_is_refused(value: object, words: str) -> None:
    for write in (write_json, canonical_json, pretty_json, json_text):
        with pytest.raises(NotWritable, match=words):
            write(value)


def nested(levels: int, leaf: object = 1) -> object:
    value = leaf
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("leaf", [1, JsonNumber("1.5"), 2**70, None, "x"])
def test_depth(leaf: object) -> None:
    """As deep as the reader reads, and not deeper, whatever lies at the end."""
    deepest = nested(MAX_NESTING, leaf)
    assert read_json(write_json(deepest)) == deepest
    for levels in (MAX_NESTING + 1, 100_000):
        with pytest.raises(NotWritable, match="is nested too deeply"):
            write_json(nested(levels, leaf))


def test_a_value_within_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(NotWritable, match="is nested too deeply"):
        write_json(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"at": datetime(2026, 3, 2)}, r"^new\.at is a datetime without an offset"),
        ({"rows": [{"n": 10**1_000}]}, r"^new\.rows\[0\]\.n has more than 1,000 digits"),
        ({"x": NAN}, r"^new\.x is nan"),
        (nested(FOREIGN_NESTING + 1), "is nested too deeply"),
        ({1: 2}, "^new has a key that is not a text: 1"),
    ],
)
def test_what_applications_give_is_read_strictly(value: object, words: str) -> None:
    with pytest.raises(NotWritable, match=words):
        write_given(value, "new")


def test_what_applications_give_is_written() -> None:
    given_ = {"at": datetime(2026, 3, 2, tzinfo=UTC), "total": Decimal("1.10"), "n": 10**999}
    assert write_given(given_, "new") == write_json(given_)


def test_canonical_and_pretty() -> None:
    value = {"b": 2**70, "a": [JsonNumber("1.50"), {}]}
    assert canonical_json(value) == b'{"a":[1.50,{}],"b":1180591620717411303424}'
    assert pretty_json(value, sort=True).decode().splitlines() == [
        "{", '  "a": [', "    1.50,", "    {}", "  ],", '  "b": 1180591620717411303424', "}",
    ]  # fmt: skip


def test_digits_of_integers_of_any_size() -> None:
    for value in (0, -1, 10**600, -(10**600), 10**4_299, 10**9_999):
        assert plain_int(value) == format(Decimal(value), "f")


# The agreement of both --------------------------------------------------------------

texts = st.text()
numbers = st.one_of(
    st.integers(),
    st.integers(10**17, 10**1_000),
    st.decimals(allow_nan=False, allow_infinity=False).map(JsonNumber),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda f: JsonNumber(repr(f))),
)
leaves = st.one_of(st.none(), st.booleans(), texts, numbers)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts, inner)),
    max_leaves=20,
)


def alike(left: object, right: object) -> bool:
    """Equal in value and digits; a whole JsonNumber without a point is an int again."""
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(alike(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(alike, left, right))
    return isinstance(left, str) == isinstance(right, str) and str(left) == str(right)


@settings(max_examples=150, deadline=None)
@given(values, st.integers(0, FOREIGN_NESTING))
def test_what_is_written_is_read_back_equal(value: object, levels: int) -> None:
    """Every value, at every depth that others may use, and again inside what we put around it."""
    deep = nested(levels, value)
    try:
        accepted = read_foreign(write_json(deep))
    except (NotWritable, NotJson) as refused:
        assert "nested too deeply" in str(refused)
        return
    assert alike(accepted, deep)
    around = nested(MAX_NESTING - FOREIGN_NESTING, accepted)
    assert alike(read_json(write_json(around)), around)


json_like = st.text('[]{}:,"\\ud8d0+-.eE0123456789truefalsnNaI \n\u00e9', max_size=40)


@settings(max_examples=300, deadline=None)
@given(st.one_of(json_like, json_like.map(str.encode), st.binary(max_size=40)))
def test_any_text_is_a_value_that_can_be_written_or_a_refusal(data: bytes | str) -> None:
    try:
        value = read_foreign(data)
    except NotJson:
        return
    assert alike(read_foreign(write_json(value)), value)
