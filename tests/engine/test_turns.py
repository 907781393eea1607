"""Whose turn it is among what is ready for one endpoint, and what has lost its turn."""

from __future__ import annotations

from fql.engine.core.held.inputs import Order
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy
from tests.engine.programs import observer
from tests.engine.test_core import DOWN, answer, emit, seen, wait, world
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


def suspects(w: World) -> None:
    """One of two events is on the wire alone after a crash, and the other waits for that."""
    emit(w, 1, 2)
    w.crash()
    w.cycle()
    w.cycle()
    assert len(w.wire) == 1


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
    suspects(w)
    other = next(run.id for run in w.runs() if run.id != w.wire[0].owner.id)
    w.order(Order("cancel", run=other))
    w.cycle()
    answer(w)
    w.settle()
    assert len(w.ledger) == 3


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
