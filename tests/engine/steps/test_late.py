"""Outcomes that come after memory was loaded again, for work as it was before."""

from __future__ import annotations

import pytest

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Performed
from fql.engine.core.held.runs import Work
from fql.engine.program.model import BatchPolicy
from tests.engine.programs import observer
from tests.engine.test_core import OK, answer, emit, world
from tests.simulation.world import World, now

FLOWS = [observer("a>b"), observer("a>b", batch={"a": BatchPolicy(1, 0)})]


def loaded_again(w: World, *, aloft: bool) -> Work:
    """What was on the wire, and still is if it is `aloft`."""
    [old], w.wire = w.wire, []
    attempts = {(old.owner.id, "a", old.sends)} if aloft else set()
    w.load(now(w.store.load(w.lease)), w.state.next_number, attempts)
    return old


def late(w: World, old: Work, outcome: Outcome = OK) -> None:
    w.inputs.outcomes.append(Performed(old, outcome, 1, w.clock.now()))


@pytest.mark.parametrize("spec", FLOWS, ids=["run", "batch"])
def test_it_counts_if_nothing_was_sent_since(spec: object) -> None:
    """Whether its run has been read back by then or not."""
    for before in (0, 3):
        w = world(spec)  # type: ignore[arg-type]
        emit(w, 1)
        old = loaded_again(w, aloft=True)
        for _ in range(before):
            w.cycle()
        late(w, old)
        late(w, old)  # a second commit of it was lost as well
        w.cycle()
        w.cycle()
        assert [one.node for one in w.ledger] == ["a", "b"]
        answer(w)
        assert [run.state for run in w.runs()] == ["done"]


@pytest.mark.parametrize("spec", FLOWS, ids=["run", "batch"])
def test_it_decides_nothing_once_its_work_was_sent_again(spec: object) -> None:
    """Two ends of one action would start what follows twice, or end what is on the wire."""
    w = world(spec)  # type: ignore[arg-type]
    emit(w, 1)
    old = loaded_again(w, aloft=False)
    w.cycle()
    w.cycle()
    assert [one.attempt for one in w.ledger] == [1, 2]
    late(w, old, Outcome(status=404))
    w.cycle()
    w.cycle()
    assert w.letters() == []
    answer(w)
    assert [one.node for one in w.ledger] == ["a", "a", "b"]


def test_nothing_is_armed_before_it_is_known_what_is_on_the_wire() -> None:
    w = world(observer("a"), max_in_flight=1)
    emit(w, 1)
    loaded_again(w, aloft=True)
    w.emit(2)
    for _ in range(4):
        w.cycle()
    assert len(w.ledger) == 1
