"""What tests leave of one thing, compared with trying every value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fqlc.types.truth.ranges import Range

Test = tuple[str, tuple[Any, ...]]
WHOLE = range(-6, 7)
HALVES = [Decimal(n) / 2 for n in range(-12, 13)]
"""Between any two limits of the tests there is one of these."""
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
_LIMITS = st.integers(-3, 3)
_TESTS = st.one_of(
    st.tuples(st.sampled_from([*ORDER]), st.tuples(_LIMITS)),
    st.tuples(st.sampled_from(["eq", "ne"]), st.tuples(_LIMITS | st.none())),
    st.tuples(
        st.sampled_from(["in", "not_in"]),
        st.lists(_LIMITS | st.none(), min_size=1, max_size=4).map(tuple),
    ),
)


def passes(value: object, test: Test) -> bool:
    """Whether a value, or null, passes a test."""
    op, given = test
    if op in ORDER:
        return value is not None and ORDER[op](value, given[0])
    return (value in given) is (op in ("eq", "in"))


def left_of(tests: Sequence[Test], values: Sequence[object], nullable: bool) -> list[object]:
    """All values that pass, null among them."""
    tried = [*values, None] if nullable else values
    return [value for value in tried if all(passes(value, test) for test in tests)]


@settings(max_examples=200, deadline=None)
@given(st.lists(_TESTS, max_size=5), st.booleans(), st.booleans())
def test_a_range_is_what_passes_all_tests(
    tests: list[Test], integral: bool, nullable: bool
) -> None:
    found = Range(nullable=nullable, integral=integral)
    for op, values in tests:
        found = found.after(op, values)
    tried: Sequence[object] = WHOLE if integral else HALVES
    left = left_of(tests, tried, nullable)
    assert found.empty is (left == [])
    assert [value for value in tried if found.allows(value)] == [v for v in left if v is not None]
    assert found.nullable is (None in left)
    if found.only is not None:
        assert [*found.only] == left
    elif found.values is not None or found.nullable:
        assert len(left) != 1


@settings(max_examples=100, deadline=None)
@given(st.lists(_TESTS, max_size=3), st.lists(_TESTS, max_size=3), st.booleans())
def test_two_equal_things_are_what_both_may_be(
    one: list[Test], other: list[Test], nullable: bool
) -> None:
    """Without their bounds, which are tests of each."""
    members = [test for test in (*one, *other) if test[0] in ("eq", "in")]
    ranges = [Range(nullable=nullable), Range(nullable=True)]
    for at, tests in enumerate((one, other)):
        for op, values in tests:
            if op in ("eq", "in"):
                ranges[at] = ranges[at].after(op, values)
    met = ranges[0].meet(ranges[1])
    left = left_of(members, [*range(-3, 4)], nullable)
    assert [value for value in range(-3, 4) if met.allows(value)] == [
        value for value in left if value is not None
    ]
    assert met.nullable is (None in left)
    assert Range().meet(Range(integral=True)).integral
