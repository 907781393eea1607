"""The harness: what would be sent, on virtual time, without a network."""

from __future__ import annotations

from typing import Any

import pytest

from fql.errors import EventRefused, UsageError
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


def test_a_run_goes_on_where_the_last_one_ended() -> None:
    """`until` leaves retries and requests under way; the next `run` finishes them."""
    harness = Harness(plan_of(ONE), answers={"tell": [503, {"status": 200, "delay": 5_000}]})
    harness.emit("Order.insert", new=order(1))
    start = harness.clock.now()
    assert len(harness.run(until=start + 1).attempts) == 1
    second = harness.run(until=start + 2_000)
    assert [one.attempt for one in second.attempts] == [2]
    assert [set(nodes.values()) for nodes in second.states.values()] == [{"armed"}]
    last = harness.run()
    assert last.attempts == ()
    assert [set(nodes.values()) for nodes in last.states.values()] == [{"done"}]
    assert harness.clock.now() - start > 5_000


def test_a_timeout_takes_its_time() -> None:
    harness = Harness(plan_of(ONE), answers={"tell": [{"failure": "timeout"}, 200]})
    start = harness.clock.now()
    result = harness.emit("Order.insert", new=order(1)).run()
    assert result.attempts[1].at - start >= 60_000


@pytest.mark.parametrize(("answers", "words"), [
    ({"nope": 500}, "no such action"), ({"tell": {"statuss": 500}}, "no key 'statuss'"),
    ({"tell": "x"}, "must be a status"), ({"tell": []}, "empty list"),
    ({"tell": {"failure": "nope"}}, "cannot fail by 'nope'"), ({"tell": True}, "must be a status"),
])  # fmt: skip
def test_answers_that_cannot_be_played_are_refused(answers: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Harness(plan_of(ONE), answers=answers)


def test_answers_that_nothing_used_are_counted() -> None:
    harness = Harness(plan_of(CHAIN), answers={"reserve": 404, "label": [200, 200]})
    assert harness.emit("Order.insert", new=order(1)).run().unused == {"label": 2}


def test_integers_of_any_width_are_taken() -> None:
    whole = order(1) | {"more": 10**60}
    assert Harness(plan_of(ONE)).emit("Order.insert", new=whole).run().sent == ("tell",)
