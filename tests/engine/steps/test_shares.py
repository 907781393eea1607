"""How endpoints share what may be in flight."""

from __future__ import annotations

from collections import Counter

from fql.engine.core.arm import ROUND
from fql.engine.core.held.inputs import CoreSettings
from tests.engine.programs import observer, program
from tests.engine.test_core import answer, emit
from tests.simulation.world import World


def test_half_of_all_is_for_whoever_needs_it_again_and_again() -> None:
    """Two endpoints of which one is idle: 2 of 8 are each one's own, and 4 are for both. What was
    used beyond a share is free again once it has been answered."""
    made = program(observer("a", "o1", endpoint="busy"), observer("b", "o2", endpoint="idle"),
                   matching=lambda _: ["o1"])  # fmt: skip
    w = World(made, 1, CoreSettings(max_in_flight=8), failure_rate=0.0)
    w.state.endpoint("idle")
    emit(w, *range(30))
    for _ in range(3):
        assert len(w.wire) == 6
        answer(w)


def test_all_that_may_go_goes_in_one_commit_in_turns() -> None:
    """However much one endpoint has, the next one has its turn after a round of the first."""
    busy, other = observer("a", "o1", endpoint="busy"), observer("b", "o2", endpoint="other")
    made = program(
        busy, other, matching=lambda new: ["o1"] if int(new.position) < 4 * ROUND else ["o2"]
    )
    w = World(made, 1, CoreSettings(max_in_flight=1000), failure_rate=0.0)
    emit(w, *range(6 * ROUND))
    assert [work.spec.name for work in w.wire] == [
        name for name in ("a", "b", "a", "b", "a", "a") for _ in range(ROUND)
    ]


def test_beyond_shares_no_more_than_half_of_all_is_used() -> None:
    """Three endpoints of which each has one request of its own: the first takes four besides."""
    names = ("one", "two", "three")
    w = World(
        program(*(observer("a", name, endpoint=name) for name in names)), 1,
        CoreSettings(max_in_flight=8), failure_rate=0.0,
    )  # fmt: skip
    emit(w, *range(10))
    assert Counter(work.spec.endpoint for work in w.wire) == {"one": 5, "two": 1, "three": 1}
