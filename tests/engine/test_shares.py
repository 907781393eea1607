"""How endpoints share what may be in flight."""

from __future__ import annotations

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
