"""What an outcome means for the endpoint, the limits and the commit, beside its own action."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fql.actions.port import Outcome
from fql.engine.core.finish import SHORTAGE_PAUSE, SHORTAGE_TOLD_EVERY, may_wait
from fql.engine.core.held.inputs import Performed
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy
from fql.plan.policies import RetryPolicy
from tests.engine.programs import observer
from tests.engine.test_core import DOWN, OK, answer, emit, seen, wait, world
from tests.simulation.world import World

SHORT = Outcome(failure="shortage", error="no descriptor left")


@pytest.mark.parametrize(
    ("outcome", "is_open"),
    [
        (Outcome(status=500), True),
        (Outcome(status=503), True),
        (Outcome(failure="timeout"), True),
        (Outcome(failure="connect"), True),
        (Outcome(status=499), False),
        (Outcome(status=200, failure="response"), False),
        (Outcome(failure="busy"), False),
        (Outcome(failure="evaluation"), None),
        (Outcome(failure="egress"), None),
        (SHORT, None),
    ],
)
def test_what_speaks_against_a_receiver_opens_its_circuit(
    outcome: Outcome, is_open: bool | None
) -> None:
    """What speaks for it closes it; what is ours or the plan's leaves it as it is."""
    for before in (False, True):
        w = world(observer("a"), limits=EndpointLimits(failures=1, open_for=60_000))
        emit(w, 1)
        circuit = w.state.endpoint("here").circuit
        circuit.open_until = w.clock.now() if before else 0
        answer(w, outcome)
        assert circuit.is_open is (before if is_open is None else is_open)


@pytest.mark.parametrize(
    ("outcome", "pause"),
    [
        (Outcome(status=429, retry_after=5000), 5000),
        (Outcome(status=503, retry_after=5000), 5000),
        (Outcome(status=500, retry_after=5000), 0),
        (Outcome(status=429), 0),
    ],
)
def test_only_429_and_503_stop_the_endpoint_for_all(outcome: Outcome, pause: int) -> None:
    w = world(observer("a"))
    emit(w, 1)
    answer(w, outcome)
    assert w.state.endpoint("here").blocked_until in (0, w.clock.now() + pause)
    emit(w, 2)
    assert (seen(w) == [1]) is (pause > 0)


def test_a_shorter_wish_does_not_end_a_longer_one() -> None:
    w = world(observer("a"))
    emit(w, 1, 2)
    answer(w, Outcome(status=429, retry_after=5000), 1)
    answer(w, Outcome(status=429, retry_after=1000))
    wait(w, 4999)
    assert len(w.ledger) == 2


def test_a_shortage_of_ours_spends_no_attempt_and_no_token() -> None:
    """It is tried again within a second, as the same attempt."""
    w = world(observer("a"), limits=EndpointLimits(per_second=0.1, burst=1))
    emit(w, 1)
    answer(w, SHORT)
    assert w.result.mutations.attempts == []
    wait(w, SHORTAGE_PAUSE - 1)
    assert len(w.ledger) == 1
    wait(w, SHORTAGE_PAUSE + 1)
    assert [one.attempt for one in w.ledger] == [1, 1]
    emit(w, 2)
    assert len(w.ledger) == 2, "nor is one made"


def test_max_elapsed_begins_with_the_first_attempt_that_was_one() -> None:
    policy = RetryPolicy(jitter="none", max_elapsed=1_000)
    w = world(observer("a", retry=policy))
    emit(w, 1)
    for _ in range(5):
        answer(w, SHORT)
        wait(w, 2 * SHORTAGE_PAUSE)
    answer(w, DOWN)
    assert w.letters() == []
    wait(w, 100)
    answer(w, SHORT)
    wait(w, 2 * SHORTAGE_PAUSE)
    answer(w, DOWN)
    assert [letter.error_class for letter in w.letters()] == ["exhausted"], "from then on it runs"


def test_a_shortage_is_told_once_in_a_while() -> None:
    w = world(observer("a"), limits=EndpointLimits(concurrency=2))
    emit(w, 1, 2)
    answer(w, SHORT)
    assert w.result.shortages == ["no descriptor left"]
    wait(w, 2 * SHORTAGE_PAUSE)
    answer(w, SHORT)
    assert w.result.shortages == []
    wait(w, SHORTAGE_TOLD_EVERY - 2 * SHORTAGE_PAUSE)
    answer(w, SHORT)
    assert w.result.shortages == ["no descriptor left"]


def test_a_batch_that_has_ended_is_no_open_work_in_the_store() -> None:
    """Whether its receiver has taken it or not, or it was on the wire in too many crashes."""
    for outcome in (OK, Outcome(status=404), None):
        w = world(observer("a", batch={"a": BatchPolicy(2, 0)}), crash_budget=1, alone_from=1)
        emit(w, 1, 2)
        if outcome is None:
            w.crash()
            w.cycle()
        else:
            answer(w, outcome)
        [batch] = w.store.tables.batches.values()
        assert (batch.ended, batch.due) == (w.clock.now(), None)


def test_what_was_never_begun_is_no_attempt_after_a_clean_end_either() -> None:
    w = world(observer("a"))
    emit(w, 1)
    unstarted, w.wire = w.wire, []
    w.leave(unstarted)
    w.cycle()
    w.cycle()
    assert [(one.attempt, one.redelivery) for one in w.ledger] == [(1, False), (1, False)]


def ordered(w: World) -> None:
    w.wire[0].owner.order_key = "key"  # type: ignore[union-attr]


def crowd(w: World) -> None:
    emit(w, *range(10, 18))


def ready(w: World) -> None:
    w.state.endpoint("here").ready.append(w.wire[0])


def suspect(w: World) -> None:
    w.state.endpoint("here").suspects.append(w.wire[0])


def stored(w: World) -> None:
    w.state.endpoint("here").stored_due = 0


def leaving(w: World) -> None:
    w.state.draining = True


def reloaded(w: World) -> None:
    w.state.in_flight.clear()


@pytest.mark.parametrize("obstacle", [ordered, crowd, ready, suspect, stored, leaving, reloaded])
def test_an_outcome_waits_for_the_next_commit_only_if_nothing_waits_for_it(
    obstacle: Callable[[World], None],
) -> None:
    w = world(observer("a"))
    emit(w, 1)
    done = Performed(w.wire[0], OK, 1, w.clock.now())
    assert may_wait(w.state, done, ())
    assert not may_wait(w.state, done, {w.wire[0].owner.id}), "somebody waits for this run"
    assert not may_wait(w.state, Performed(w.wire[0], DOWN, 1, w.clock.now()), ()), "a retry"
    obstacle(w)
    assert not may_wait(w.state, done, ())


def test_an_outcome_that_other_actions_wait_for_does_not_wait() -> None:
    for flow, may in (("a>b", False), ("a,b", False), ("a!b", False)):
        w = world(observer(flow))
        emit(w, 1)
        assert may_wait(w.state, Performed(w.wire[0], OK, 1, w.clock.now()), ()) is may
    w = world(observer("a", batch={"a": BatchPolicy(1, 0)}))
    emit(w, 1)
    assert not may_wait(w.state, Performed(w.wire[0], OK, 1, w.clock.now()), ()), "of a batch"


def test_few_requests_in_flight_are_few_for_the_engine_as_well() -> None:
    w = world(observer("a"), max_in_flight=4)
    emit(w, 1, 2)
    assert may_wait(w.state, Performed(w.wire[0], OK, 1, w.clock.now()), ())
    emit(w, 3)
    assert not may_wait(w.state, Performed(w.wire[0], OK, 1, w.clock.now()), ())
