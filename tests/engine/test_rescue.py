"""Outcomes of a commit that failed are handed in again, and are forgotten in time."""

from __future__ import annotations

from typing import cast

import pytest

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Performed, Step
from fql.engine.core.held.runs import Work
from fql.engine.loop.rescue import Rescue
from fql.store.records import AttemptRow, Mutations


class Owner:
    id = 7


class Spec:
    name = "ship"


class Armed:
    owner, spec = Owner(), Spec()


def ended(number: int, outcome: Outcome) -> Performed:
    return Performed(cast("Work", Armed()), outcome, number, 0)


def stored(*numbers: int) -> Step:
    rows = [AttemptRow(7, "ship", number, 0, 200, None, "", 1, "") for number in numbers]
    return Step(Mutations(attempts=rows))


def test_an_outcome_is_kept_until_its_attempt_is_stored() -> None:
    rescue, first, second = Rescue(), ended(1, Outcome(status=200)), ended(2, Outcome(status=200))
    rescue.keep_all([first, second])
    rescue.forget(stored(1))
    assert list(rescue.kept) == [second]
    rescue.forget(stored(2))
    assert not rescue.kept


@pytest.mark.parametrize("numbers", [(), (3,)])
def test_what_our_own_shortage_ended_is_not_taken_for_the_next_attempt(
    numbers: tuple[int, ...],
) -> None:
    """It spends no number, so the attempt after it has the same one."""
    rescue = Rescue()
    rescue.keep_all([ended(1, Outcome(failure="shortage", error="no descriptor left"))])
    rescue.forget(stored(*numbers))
    assert not rescue.kept
