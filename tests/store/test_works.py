"""The stored form of work: what is written is read back, and only this module reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.exact.numbers import JsonNumber
from fql.store.works import (
    BUFFERED,
    MEMBER,
    STATE_NAMES,
    Replay,
    StoredFailure,
    StoredWork,
    batch_name,
    decode_members,
    decode_works,
    encode_members,
    encode_works,
    event_name,
    must_be_held,
    parse_name,
    run_name,
)

NUMBERS = st.integers(0, 2**62)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
DIGITS = st.decimals(allow_nan=False, allow_infinity=False).map(lambda d: JsonNumber(str(d)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | TEXTS | DIGITS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
FAILURES = st.none() | st.builds(
    StoredFailure, TEXTS, st.none() | st.integers(100, 599), TEXTS, st.integers(0, 99)
)
WORKS = st.builds(
    StoredWork, st.sampled_from(sorted(STATE_NAMES)), NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS,
    JSON, FAILURES, NUMBERS, TEXTS, st.sampled_from(Replay),
)  # fmt: skip


@given(st.lists(WORKS, max_size=4))
def test_what_is_written_is_read_back(works: list[StoredWork]) -> None:
    assert decode_works(encode_works(works)) == works
    assert encode_works(decode_works(encode_works(works))) == encode_works(works)


def test_what_is_as_at_the_start_is_left_out() -> None:
    assert encode_works([StoredWork("r"), StoredWork("s", 2, 2, 0, 70, 60)]) == (
        '[["r",0,0,0,0,0],["s",2,2,0,70,60]]'
    )
    assert decode_works('[["r"]]') == [StoredWork("r")]


def test_numbers_of_an_answer_keep_their_digits() -> None:
    text = '{"a":1.10,"b":123456789012345678901234567890,"c":1e400}'
    answer = decode_works(f'[["d",1,0,0,0,9,{text},null,0,"",0]]')[0].answer
    assert encode_works([StoredWork("d", answer=answer)]).count("1.10") == 1
    again = decode_works(encode_works([StoredWork("d", answer=answer)]))[0].answer
    assert again == answer


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[[]]", '[["?"]]', '[["d",1', '[["d",NaN]]'])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        decode_works(text)


@given(st.lists(NUMBERS, max_size=5))
def test_members_are_read_back(members: list[int]) -> None:
    assert decode_members(encode_members(members)) == members


def test_an_answer_never_looks_like_a_state() -> None:
    answered = StoredWork("d", answer={"b": ["b", "m"], "m": "b"})
    assert not must_be_held([answered])
    assert must_be_held([answered, StoredWork(BUFFERED)])
    assert must_be_held([StoredWork(MEMBER, batch=7)])


@given(NUMBERS)
def test_ids_are_read_back(number: int) -> None:
    for name in (run_name, batch_name, event_name):
        assert parse_name(name(number)) == number


def test_nobody_else_knows_the_forms() -> None:
    """No other module of the product puts an id together or takes a stored node apart."""
    product = Path(__file__).parents[2] / "runtime" / "fql"
    signs = (
        'f"run_{',
        'f"bat_{',
        'f"evt_{',
        'f"dlq_{',
        'f"inbox_{',
        "loads(run.works",
        "works LIKE",
    )
    found = [
        f"{path.relative_to(product)}: {sign}"
        for path in product.rglob("*.py")
        if path.name != "works.py"
        for sign in signs
        if sign in path.read_text()
    ]
    assert found == []
