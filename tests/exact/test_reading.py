"""The one reader of JSON."""

from __future__ import annotations

import codecs
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation, getcontext, localcontext

import pytest

from fql.exact.light import LONGEST_INT
from fql.exact.numbers import JsonNumber
from fql.exact.reading import (
    FOREIGN_NESTING,
    MAX_NESTING,
    BeyondLimits,
    NotJson,
    read_foreign,
    read_json,
)

Read = Callable[[bytes | str], object]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.10", JsonNumber("1.10")),
        ("-0.0", JsonNumber("-0.0")),
        ("1e400", JsonNumber("1e400")),
        ("1e-400", JsonNumber("1e-400")),
        ("12345678901234567890.5", JsonNumber("12345678901234567890.5")),
        (str(2**64), 2**64),
        (str(-(2**63) - 1), -(2**63) - 1),
        ("9" * 1_000, 10**1_000 - 1),
        ("-0", 0),
        ("true", True),
        ('{"a": 1, "a": 2.5}', {"a": JsonNumber("2.5")}),
        ('"\\ud83d\\ude00"', "\U0001f600"),
    ],
)
def test_values_are_exact(text: str, value: object) -> None:
    for data in (text, text.encode()):
        found = read_json(data)
        assert found == value
        assert type(found) is type(value)
        assert str(found) == str(value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("NaN", "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not a JSON number"),
        ('"\\ud800"', "half of a surrogate pair"),
        ('{"\\udc00": 1}', "half of a surrogate pair"),
        ('"\ud800"', "half of a surrogate pair"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\xe9"', "bytes from 1 on are not UTF-8"),
        (codecs.BOM_UTF16_LE + b'"\x00\x00\xd8"\x00', "not UTF-16"),
        ("", "a value is missing"),
        ('{"a": 1,}', r"a key in double quotes is missing \(line 1, column 9\)"),
        ("[1,\n 2 3]", r"a comma is missing \(line 2, column 4\)"),
        ("1 2", "something follows the value"),
        ("1e99999999999999999999", "exponent that is too large"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * (LONGEST_INT + 1), "more than 4,300 digits"),
    ],
)
def test_what_is_refused(data: bytes | str, words: str) -> None:
    for read in (read_json, read_foreign):
        with pytest.raises(NotJson, match=words):
            read(data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(encoding: str) -> None:
    assert read_json('{"a": "\u00e9", "b": 1.50}'.encode(encoding)) == {
        "a": "\u00e9", "b": JsonNumber("1.50"),
    }  # fmt: skip
    assert read_json('\ufeff{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("leaf", ["1", "1.5", '"\\ud83d\\ude00"', str(2**70)])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize(
    ("read", "room"), [(read_json, MAX_NESTING), (read_foreign, FOREIGN_NESTING)]
)
def test_depth(leaf: str, opening: str, closing: str, read: Read, room: int) -> None:
    """The limit is the same for every kind of content and however the text is read."""
    assert read(opening * room + leaf + closing * room)
    with pytest.raises(NotJson, match="nested too deeply"):
        read(opening * (room + 1) + leaf + closing * (room + 1))


def test_floats_for_callers_outside() -> None:
    """Integers stay exact, and no infinity comes of a long exponent."""
    assert read_json("[1.10, 123456789012345678901]", floats=True) == [1.1, 123456789012345678901]
    assert type(read_json("1.0", floats=True)) is float
    assert read_json("1e400", floats=True) == JsonNumber("1e400")


def test_the_decimal_context_of_an_application_changes_nothing() -> None:
    with localcontext() as context:
        context.prec = 3
        context.traps[InvalidOperation] = False
        assert getcontext().prec == 3
        assert read_json("1.23456") == Decimal("1.23456")
        with pytest.raises(NotJson):
            read_json("1e99999999999999999999")


@pytest.mark.parametrize("limit", ["0", "640"])
def test_the_digit_limit_of_an_application_changes_nothing(limit: str) -> None:
    code = (
        "from fql.exact.reading import read_json, NotJson\n"
        "from fql.exact.writing import write_json\n"
        "digits = b'9' * 4300\n"
        "assert write_json(read_json(digits)) == digits\n"
        "try:\n    read_json(digits + b'9')\n"
        "except NotJson:\n    print('refused')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-X", f"int_max_str_digits={limit}", "-c", code],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) == ("refused\n", "")


@pytest.mark.parametrize("text", ["[" * 300 + "]" * 300, "9" * 5_000, '"\\ud800"', "1e" + "9" * 30])
def test_json_beyond_the_limits_is_told_from_what_is_not_json(text: str) -> None:
    with pytest.raises(BeyondLimits):
        read_json(text)
    with pytest.raises(NotJson) as caught:
        read_json("]" + text)
    assert not isinstance(caught.value, BeyondLimits)
