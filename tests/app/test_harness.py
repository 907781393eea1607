"""The harness: what would be sent, on virtual time, without a network."""

from __future__ import annotations

import pytest

from fql.errors import EventRefused
from fql.testing.harness import Harness
from tests.app.plans import CHAIN, CHANGED, ONE, order, plan_of


def test_what_is_sent_and_what_is_rendered() -> None:
    result = Harness(plan_of(CHAIN)).emit("Order.insert", new=order(1)).run()
    assert result.sent == ("reserve", "label")
    assert result.requests("label")[0]["body"] == {"id": "o1"}
    assert result.dead == ()


def test_retries_take_virtual_time_only() -> None:
    harness = Harness(plan_of(ONE), answers={"tell": [503, 503, 200]})
    start = harness.clock.now()
    result = harness.emit("Order.insert", new=order(1)).run()
    assert [one.attempt for one in result.attempts] == [1, 2, 3]
    assert len({one.key for one in result.attempts}) == 1
    assert harness.clock.now() - start > 300
    assert result.dead == ()


def test_dead_actions_are_named() -> None:
    result = (
        Harness(plan_of(CHAIN), answers={"reserve": 404}).emit("Order.insert", new=order(1)).run()
    )
    assert (result.sent, result.dead) == (("reserve",), ("reserve",))
    assert result.letters[0].reason == "status 404"


@pytest.mark.parametrize(("before", "after", "sent"), [
    ("new", "shipped", ("tell",)), ("shipped", "shipped", ()), ("new", "lost", ()),
])  # fmt: skip
def test_conditions_decide(before: str, after: str, sent: tuple[str, ...]) -> None:
    harness = Harness(plan_of(CHANGED))
    harness.emit("Order.update", old=order(1, status=before), new=order(1, status=after))
    result = harness.run()
    assert result.sent == sent
    assert result.matched == (("shipped",) if sent else ())


def test_an_event_that_does_not_fit_raises() -> None:
    with pytest.raises(EventRefused):
        Harness(plan_of()).emit("Order.insert", new={})
