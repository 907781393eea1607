"""`matches` in SQL finds what RE2 finds, or is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fql.sql.glob import sqlite_match
from fql.sql.patterns import Chars, PatternRefusedError, read_pattern
from fql.sql.regex import postgresql_regex
from fql.sql.text import quoted_text
from tests.servers.databases import Databases

ALPHABET = "abBK-]^*?[.\\ \n_5é\u212a日"
TEXTS = st.text(ALPHABET, max_size=6)

SETS = [
    ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", "[a-fK]", "[^a-f]", "[]a]", "[^]a]", "[a-]",
    "[-a]", r"[\]\-^]", "[*?[]", r"[\d_]", "[!-~]", "[+-^]", "[Z-a]", r"[\t-\r]", "[é-日]",
    "[^\\n]",
    *(f"[[:{name}:]]" for name in (
        "alnum", "alpha", "ascii", "blank", "digit", "graph", "lower", "print", "punct", "space",
        "upper", "word", "xdigit",
    )),
    "(?i)k", "(?i)[a-k]", "(?i)[^s]", r"(?i)\w", r"(?i)\W", "(?i)[[:upper:]]",
]  # fmt: skip


@pytest.mark.parametrize("text", SETS)
def test_a_set_has_the_code_points_of_re2(text: str) -> None:
    """All of the first 900 and some special ones; NUL, which no SQL text holds, is left out."""
    chars = read_pattern(text)
    assert isinstance(chars, Chars)
    engine = re2.compile(text)
    for code in (*range(1, 900), 0x2028, 0x212A, 0x65E5, 0x1F600):
        char = chr(code)
        inside = any(low <= char <= high for low, high in chars.ranges)
        assert (inside is not chars.negated) is (engine.fullmatch(char) is not None), hex(code)


@pytest.mark.parametrize(
    "text",
    [r"\bword", r"\pL", r"\p{Greek}", "(?s).", "a(?i)b", r"\Qa", r"\C", "(?i)é", "(^a)*",
     "[[:^alpha:]]", r"[\D]"],
)  # fmt: skip
def test_what_needs_tables_or_neighbours_is_refused(text: str) -> None:
    re2.compile(text)
    with pytest.raises(PatternRefusedError):
        read_pattern(text)


# Patterns at random -------------------------------------------------------------

LITERALS = st.sampled_from(
    [r"\.", r"\*", "-", r"\]", "a", "b", "B", "é", "日", "_", r"\x{212A}", " "]
)
ONE = LITERALS | st.sampled_from([text for text in SETS if "(" not in text])
COUNTS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "+?"])


def _wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    opening = st.sampled_from(["(", "(?:", "(?P<name>"])
    return st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: f"(?:{a}|{b})", inner, inner),
        st.builds(lambda o, a, n: f"{o}{a}){n}", opening, inner, COUNTS),
    )


PATTERNS = st.builds(
    lambda start, body, end: start + body + end,
    st.sampled_from(["", "^", r"\A"]),
    st.recursive(st.builds(lambda a, n: a + n, ONE, COUNTS), _wrapped, max_leaves=5),
    st.sampled_from(["", "$", r"\z"]),
).filter(lambda text: text.count("?P<name>") < 2)


@pytest.fixture(scope="module")
def postgresql(postgresql_server: Databases) -> Iterator[psycopg.Connection[Any]]:
    """A database that has no tables."""
    with (
        postgresql_server.database() as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        yield connection


@pytest.fixture(scope="module")
def sqlite() -> Iterator[sqlite3.Connection]:
    """A database that has no tables."""
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(PATTERNS, st.lists(TEXTS, min_size=6, max_size=6))
def test_postgresql_finds_what_re2_finds(
    postgresql: psycopg.Connection[Any], pattern: str, texts: list[str]
) -> None:
    expected = [re2.search(pattern, text) is not None for text in texts]
    regex = quoted_text(postgresql_regex(read_pattern(pattern)))
    query = (
        f"SELECT array_agg(t ~ {regex} ORDER BY n) FROM unnest(%s::text[]) WITH ORDINALITY x(t, n)"
    )
    row = postgresql.execute(query.encode(), [texts]).fetchone()
    assert row is not None
    assert row[0] == expected, regex


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(PATTERNS, st.lists(TEXTS, min_size=6, max_size=6))
def test_sqlite_finds_what_re2_finds(
    sqlite: sqlite3.Connection, pattern: str, texts: list[str]
) -> None:
    """Where a pattern can be said with comparisons."""
    try:
        condition = sqlite_match("t", read_pattern(pattern))
    except PatternRefusedError:
        return
    for text in texts:
        (found,) = sqlite.execute(f"SELECT {condition} FROM (SELECT ? AS t)", [text]).fetchone()
        assert bool(found) is (re2.search(pattern, text) is not None), condition


@pytest.mark.parametrize(
    ("pattern", "condition"),
    [
        ("vip", "(instr(t, 'vip') > 0)"),
        ("^vip$", "(t = 'vip')"),
        ("^(DE|FR)", "(t GLOB 'DE*' OR t GLOB 'FR*')"),
        (r"ORD-\d+", "(t GLOB '*ORD-[0-9]*')"),
        (r"^[A-Z]{2}\d?$", "(t GLOB '[A-Z][A-Z]' OR t GLOB '[A-Z][A-Z][0-9]')"),
        (r"^A\d+$", "((t GLOB 'A[0-9]*' AND substr(t, 3, length(t) - 2) NOT GLOB '*[^0-9]*'))"),
    ],
)
def test_what_sqlite_can_say(pattern: str, condition: str) -> None:
    """What people write for codes and lists of words needs no regular expressions."""
    assert sqlite_match("t", read_pattern(pattern)) == condition


@pytest.mark.parametrize("pattern", ["(ab)+", "^a+b", "a.*b", "a(b|c$)d", "[ab]{7}" * 40])
def test_what_sqlite_cannot_say_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefusedError):
        sqlite_match("t", read_pattern(pattern))


@pytest.mark.parametrize("pattern", ["a{256}", "(?:a{250}){250}"])
def test_what_is_too_large_for_postgresql_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefusedError):
        postgresql_regex(read_pattern(pattern))
