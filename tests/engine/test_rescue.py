"""Outcomes of a commit that failed are handed in again, and are forgotten in time."""

from __future__ import annotations

from typing import cast

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Performed
from fql.engine.core.held.runs import Work
from fql.engine.loop.rescue import Rescue


def ended(number: int) -> Performed:
    return Performed(cast("Work", object()), Outcome(status=200), number, 0)


def test_an_outcome_is_kept_until_a_commit_has_taken_it_in() -> None:
    """Those that wait for their run to be read are not stored yet."""
    rescue, first, second = Rescue(), ended(1), ended(2)
    rescue.keep_all([first, second])
    rescue.forget({7: [second]})
    assert list(rescue.kept) == [second]
    rescue.forget({})
    assert not rescue.kept


def test_what_is_kept_twice_is_handed_in_once() -> None:
    rescue, one = Rescue(), ended(1)
    rescue.keep_all([one])
    rescue.keep_late([one], ())
    assert list(rescue.kept) == [one]
