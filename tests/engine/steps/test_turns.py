"""Whose turn it is among what is ready for one endpoint, and what has lost its turn."""

from __future__ import annotations

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Order
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy
from tests.engine.programs import observer
from tests.engine.test_core import DOWN, answer, emit, replay, seen, wait, world
from tests.simulation.world import World


def test_a_probe_is_work_that_has_not_failed_yet() -> None:
    """What no receiver would take says little about whether this one is back."""
    w = world(observer("a"), limits=EndpointLimits(failures=1, open_for=1_000))
    emit(w, 1)
    answer(w, DOWN)
    wait(w, 100)
    emit(w, 2)
    wait(w, 900)
    assert seen(w) == [1, 2]


def test_each_probe_looks_in_the_store_for_work_that_has_not_failed_yet() -> None:
    """All that memory has room for has failed; what came later was never tried."""
    limits = EndpointLimits(failures=1, open_for=60_000)
    w = world(observer("a"), limits=limits, window=16, max_in_flight=16)
    emit(w, *range(40))
    answer(w, DOWN)
    for _ in range(3):
        before = len(w.ledger)
        w.clock.move_to(w.state.endpoint("here").circuit.open_until)
        for _ in range(4):
            w.cycle()
        assert [one.attempt for one in w.ledger[before:]] == [1]
        answer(w, DOWN)


def test_a_retry_keeps_its_turn_where_the_receiver_is_not_down() -> None:
    w = world(observer("a"), limits=EndpointLimits(concurrency=1, failures=0))
    emit(w, 1)
    answer(w, DOWN)
    emit(w, 2)
    wait(w, 100)
    emit(w, 3)
    answer(w)
    assert seen(w) == [1, 2, 1]


def test_a_run_that_is_cancelled_while_it_is_ready_is_not_sent() -> None:
    w = world(observer("a"), limits=EndpointLimits(concurrency=1))
    emit(w, 1, 2, 3)
    second = sorted(run.id for run in w.runs())[1]
    w.order(Order("cancel", run=second))
    w.cycle()
    answer(w)
    answer(w)
    assert seen(w) == [1, 3]


def suspects(w: World) -> int:
    """Two events were on the wire in a crash. One has been sent again alone, and was answered;
    gives the run of the other, which waits for an event that came later."""
    emit(w, 1, 2)
    w.crash()
    w.cycle()
    w.cycle()
    assert len(w.wire) == 1
    first = w.wire[0].owner.id
    emit(w, 3)
    answer(w)
    assert [work.owner.event.position for work in w.wire] == ["3"]  # type: ignore[union-attr]
    others = {run.id for run in w.runs()} - {first}
    return int(min(others))


def test_a_suspect_of_a_paused_observer_waits_until_that_is_resumed() -> None:
    w = world(observer("a"), alone_from=1)
    suspects(w)
    w.order(Order("pause", name="watch"))
    w.cycle()
    answer(w)
    assert w.wire == []
    w.order(Order("resume", name="watch"))
    w.cycle()
    assert len(w.wire) == 1


def test_a_suspect_that_is_cancelled_is_not_sent() -> None:
    w = world(observer("a"), alone_from=1)
    w.order(Order("cancel", run=suspects(w)))
    w.cycle()
    answer(w)
    w.settle()
    assert len(w.ledger) == 4


def test_attempts_of_a_batch_count_on_after_a_crash() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(2, 0)}))
    emit(w, 1, 2)
    answer(w, DOWN)
    wait(w, 100)
    w.crash()
    w.cycle()
    w.cycle()
    assert [one.attempt for one in w.ledger] == [1, 2, 3]
    assert [one.redelivery for one in w.ledger] == [False, False, True]


def test_a_run_that_is_read_back_before_its_turn_is_not_sent() -> None:
    """Somebody asks for one that waits behind another of its key."""
    w = world(observer("a", order_by=lambda _: "k"))
    emit(w, 1, 2)
    w.order(Order("replay", run=max(run.id for run in w.runs()), node="a"))
    for _ in range(3):
        w.cycle()
    assert seen(w) == [1]


def test_a_replay_goes_after_what_is_under_way_and_before_what_waits() -> None:
    w = world(observer("a", order_by=lambda _: "k"))
    emit(w, 1, 2, 3, 4)
    answer(w, Outcome(status=404))
    w.cycle()
    assert seen(w) == [1, 2]
    replay(w, 1)
    w.settle()
    assert seen(w) == [1, 2, 1, 3, 4]
