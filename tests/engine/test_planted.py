"""What planted faults (`tests/mutants`) showed that no other test looked at."""

from __future__ import annotations

from fql.actions.port import Outcome
from fql.engine.core.step import step
from fql.engine.program.model import BatchPolicy
from fql.plan.policies import RetryPolicy
from fql.store.sharing.homes import fair_share, home
from fql.store.tables import Change
from tests.engine.programs import observer
from tests.engine.test_core import DOWN, answer, emit, wait, world


def test_an_engine_that_leaves_arms_nothing() -> None:
    w = world(observer("a"))
    w.emit(1)
    w.inputs.events.extend(w.unsent)
    w.state.draining = True
    result = step(w.state, w.inputs, w.clock.now())
    assert len(result.mutations.runs) == 1
    assert result.sends == []


def test_what_was_sent_once_does_not_expire() -> None:
    """`max_age` is for what was never begun: nobody knows what became of an attempt."""
    w = world(observer("a", max_age=1000, retry=RetryPolicy(max_attempts=3, jitter="none")))
    emit(w, 1)
    answer(w, DOWN)
    wait(w, 5000)
    assert len(w.ledger) == 2
    assert w.letters() == []


def test_a_buffer_stored_by_a_clock_that_was_ahead_is_sealed_in_its_time() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(5, 3000)}))
    emit(w, 1)
    [run] = w.runs()
    far = run.due + 86_400_000
    works = run.works.replace(str(run.due), str(far))
    assert works != run.works
    w.store.tables.take(Change("runs", run.id, run._replace(works=works, due=far)))
    w.crash()
    w.cycle()
    wait(w, 3000)
    assert len(w.ledger) == 1


def test_what_was_never_begun_has_not_been_tried() -> None:
    w = world(observer("a"))
    emit(w, 1)
    [work], w.wire = w.wire, []
    w.inputs.unstarted = [work]
    w.cycle()
    assert [(one.attempt, one.redelivery) for one in w.ledger] == [(1, False), (1, False)]


def test_an_answer_of_any_kind_clears_the_suspicion_of_crashes() -> None:
    """Only crashes in a row count: a receiver that answers has not crashed the process."""
    w = world(observer("a", retry=RetryPolicy(max_attempts=9, jitter="none")), crash_budget=2)
    emit(w, 1)
    for _ in range(3):
        w.crash()
        w.cycle()
        w.cycle()
        answer(w, DOWN)
        wait(w, 60_000)
    assert w.letters() == []


def test_the_first_member_of_a_batch_can_be_refused() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(2, 0)}))
    emit(w, 1, 2)
    answer(w, Outcome(status=200, failed_members=((0, "odd"),)))
    assert [letter.reason for letter in w.letters()] == ["odd"]
    assert sorted(run.state for run in w.runs()) == ["dead", "done"]


def test_a_home_is_stored_and_stays_where_it_is() -> None:
    """Rows carry the shard of what has a memory: another rule would look for them elsewhere."""
    assert [home("paid 48213", 64), home("a b", 64), home("a b", 1)] == [13, 60, 0]
    assert {home(str(number), 2) for number in range(20)} == {0, 1}
    assert [fair_share(64, live) for live in (0, 1, 3, 64, 65)] == [64, 64, 22, 1, 1]
