"""An event costs what it concerns: the observers that it does not fit are not looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fql.engine.program.match import Matcher
from fql.events.model import Event
from fql.plan.language import expressions as x
from tests.growth.plans import BOOLEAN, STRING, When, country_is, field, op, sized
from tests.growth.test_start import calls

TOTAL, COUNT, COUNTRY = field("total"), field("count"), field("country")


def _begins(text: str, name: str = "starts_with") -> x.Expr:
    argument = x.Constant(type=STRING, value=text)
    return x.Call(type=BOOLEAN, name=name, of=COUNTRY, args=(argument,))


def _two(number: int) -> x.Expr:
    return op("or", country_is(number), op("eq", COUNTRY, f"D{number}"))


def _between(low: int, high: int) -> x.Expr:
    return op("and", op("ge", COUNT, low), op("lt", COUNT, high))


def _list(number: int) -> x.Expr:
    return op("or", op("eq", COUNT, number), op("or", _two(number), op("eq", COUNT, -number)))


def _begins_or_counts(number: int) -> x.Expr:
    return op("or", op("eq", COUNT, number), _begins(f"C{number}"))


ACTIVE = op("eq", COUNTRY, "DE")
SHAPES: dict[str, When] = {
    "equal": country_is,
    "equal or equal": _two,
    "equal or equal, other fields": lambda i: op("or", op("eq", COUNT, i), country_is(i)),
    "three choices": _list,
    "above": lambda i: op("gt", TOTAL, Decimal(1000 + i)),
    "below": lambda i: op("lt", TOTAL, Decimal(-i)),
    "between": lambda i: _between(1000 + i, 1010 + i),
    "between or equal": lambda i: op("or", _between(1000 + i, 1010 + i), country_is(i)),
    "begins": lambda i: _begins(f"C{i}"),
    "ends": lambda i: _begins(f"{i}", "ends_with"),
    "equal and above": lambda i: op("and", ACTIVE, op("gt", TOTAL, Decimal(1000 + i))),
    "equal and a choice": lambda i: op("and", ACTIVE, _begins_or_counts(i)),
    "twice": lambda i: op("and", ACTIVE, country_is(i)),
}  # fmt: skip


def _event() -> Event:
    new = {"id": "1", "country": "DE", "total": Decimal(5), "count": 5, "note": None}
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return Event("Order", "insert", new, None, "e", now, "test", "1", b"", None, {})


@pytest.mark.parametrize("shape", SHAPES)
def test_those_who_do_not_match_cost_nothing(shape: str) -> None:
    """Counted in calls of our own functions, from 20 observers to 160."""
    when, event, costs = SHAPES[shape], _event(), []
    for size in (20, 160):
        matcher = Matcher(sized(size, when=lambda i: when(i + 10)))
        assert matcher.matching(event) == ()
        costs.append(calls(lambda: matcher.matching(event)))  # noqa: B023 - called at once
    assert costs[1] - costs[0] <= 4, costs
