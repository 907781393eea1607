"""A change in one file reaches the units of files that have not changed, and no others."""

from __future__ import annotations

import pytest

from fqlc.incremental.kept import Kept, pack, unpack
from fqlc.incremental.layout import lay_out
from fqlc.pipeline import compile_project
from tests.incremental.test_same_answer import (
    assert_laid_out_as_from_cold,
    assert_same,
    in_parts,
)

ROOTS = ["main.fql"]
MAIN = (
    'import "other.fql"\nentity Order { id: ID @key  total: Int }\n'
    "observer one {\n  on: Order.insert\n"
    '  webhook tell_one { url: "https://x.example.com/"  body: { id, most: "few" } }\n}\n'
    "observer two {\n  on: Order.insert\n"
    '  publish tell_two { subject: "x"  body: { id } }\n}\n'
    "observer three {\n  on: Order.insert\n"
    '  webhook tell_three { url: "https://x.example.com/"  body: { text: "\\u{6d}ost" } }\n}\n'
)
KEEP = "# The file stays.\n"
LET = "let most = 5\n"
NATS = 'endpoint nats { url: "https://a.example.com" }\n'
DEFAULTS = "defaults { timeout: 20s }\n"


def files(other: str) -> dict[str, bytes]:
    """The main file, and another one that it imports."""
    return {"main.fql": MAIN.encode(), "other.fql": (KEEP + other).encode()}


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        ("", "", set()),
        ("", LET, {"one", "three"}),
        (LET, "", {"one", "three"}),
        (LET, LET.replace("5", "6"), {"one", "three"}),
        ("", "let few_words = 1\n", {"three"}),
        ("", NATS, {"two", "three"}),
        ("", DEFAULTS, {"one", "two", "three", "Order", ""}),
        (DEFAULTS, "", {"one", "two", "three", "Order", ""}),
        (DEFAULTS, DEFAULTS.replace("20", "30"), {"one", "two", "three", "Order", ""}),
        (LET, "\n\n" + LET, set()),
    ],
)
def test_who_leans_on_a_change_has_another_key(before: str, after: str, again: set[str]) -> None:
    """`most` occurs in one observer and is spelt in another, which may mean any name."""
    first, then = (lay_out(ROOTS, files(text).get, "salt") for text in (before, after))
    assert first is not None
    assert then is not None
    keys = dict(zip(first.units, first.keys, strict=True))
    main = [(u, k) for u, k in zip(then.units, then.keys, strict=True) if u.path == "main.fql"]
    assert {u.part.name for u, k in main if keys[u] != k} == again
    done = in_parts(files(before), ROOTS)
    assert done is not None
    assert_laid_out_as_from_cold(files(after), done.kept)
    later = in_parts(files(after), ROOTS, done.kept)
    if later is None:  # an endpoint that is called as the broker is an error
        assert compile_project(ROOTS, files(after).get).plan is None
    else:
        assert_same(later, files(after), ROOTS)


def test_what_is_kept_goes_to_bytes_and_back() -> None:
    done = in_parts(files(LET), ROOTS)
    assert done is not None
    packed = pack(done.kept)
    assert pack(unpack(packed)) == packed
    assert unpack(b"") == Kept()


@pytest.mark.parametrize("data", [b"{}\n", b"[]\n", b"none", b'{"salt":"","files":{"a":1}}\n'])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        unpack(data)


def test_other_settings_keep_nothing() -> None:
    done = in_parts(files(LET), ROOTS)
    assert done is not None
    other = lay_out(ROOTS, files(LET).get, "other salt", done.kept)
    assert other is not None
    assert not other.known
