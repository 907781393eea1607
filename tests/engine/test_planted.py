"""What planted faults (`tests/mutants`) showed that no other test looked at."""

from __future__ import annotations

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Marks, Order
from fql.engine.core.held.shards import Shards
from fql.engine.core.held.state import Stuck
from fql.engine.core.history.bulk import begin, end_replay, mark, stop
from fql.engine.core.history.unmatched import history_of
from fql.engine.core.moving.leaving import release
from fql.engine.core.queues import queue_name
from fql.engine.core.step import step
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy
from fql.plan.policies import RetryPolicy
from fql.store.history.rows import MARKED, STOPPED, BulkRow, BulkStep, Posted
from fql.store.records import BatchRow, Remembered
from fql.store.sharing.homes import fair_share, home
from fql.store.tables import Change
from tests.engine.programs import observer
from tests.engine.test_core import DOWN, answer, emit, replay, wait, world

GONE = Outcome(status=404)


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
    assert queue_name("paid", "48213") == "paid:ded1e2d6a792e19ce65f8f689f0ed64f"
    assert {home(str(number), 2) for number in range(20)} == {0, 1}
    assert [fair_share(64, live) for live in (0, 1, 3, 64, 65)] == [64, 64, 22, 1, 1]


BULK = BulkRow(5, 0, "me", "{}", 10, 0, "dlq_a")


def test_the_cursor_moves_with_what_is_marked() -> None:
    state = world(observer("a")).state
    mark(state, Marks(5, (7, "dlq_7"), [Posted("replay", b"{}", 0, "me", 0)], last=False))
    assert history_of(state).steps[5] == BulkStep(5, 7, "dlq_7", marked=1)
    assert history_of(state).posted == [Posted("replay", b"{}", 0, "me", 0)]
    mark(state, Marks(5, (3, "dlq_3"), [], last=True))
    assert history_of(state).steps[5] == BulkStep(5, 3, "dlq_3", MARKED, marked=1)


def test_a_page_that_was_read_before_the_stop_is_not_marked() -> None:
    state = world(observer("a")).state
    stop(state, Order("stop_bulk", bulk=5))
    mark(state, Marks(5, (7, "dlq_7"), [Posted("replay", b"{}", 0, "me", 0)], last=True))
    assert history_of(state).posted == []
    assert history_of(state).steps[5] == BulkStep(5, state=STOPPED)


def test_two_of_one_form_in_one_commit_are_one() -> None:
    state = world(observer("a")).state
    for number in (5, 6):
        begin(state, Order("bulk", begins=BULK._replace(id=number), dedup=b"form"), {})
    assert [row.id for row in history_of(state).bulks] == [5]


def test_a_form_that_is_known_begins_nothing() -> None:
    state = world(observer("a")).state
    known = {b"form": Remembered(b"form", 4, 0, b"")}
    begin(state, Order("bulk", begins=BULK, dedup=b"form"), known)
    assert history_of(state).bulks == []


def test_the_end_of_a_replay_is_counted_once() -> None:
    w = world(observer("a"))
    emit(w, 1)
    [work] = w.wire
    work.bulk = 5
    end_replay(w.state, work, "dead")
    end_replay(w.state, work, "other")
    assert history_of(w.state).steps == {5: BulkStep(5, dead=1)}


def test_a_shard_that_is_given_up_takes_its_batches_along() -> None:
    """Those whose members are not in memory: its next owner takes them up."""
    state = world(observer("a")).state
    state.shards = Shards(2)
    state.shards.change(frozenset({0, 1}), frozenset({1}))
    batch = BatchRow(1, "k", "p1", "watch", "a", "[9]", 0, None, "here", None, "[]")
    state.left = [batch, batch._replace(id=2, shard=1)]
    state.stuck = {7: Stuck("why"), 8: Stuck("why", shard=1)}
    release(state)
    assert state.shards.mine == {0}
    assert [row.id for row in state.left] == [1]
    assert list(state.stuck) == [7]


def test_of_two_replays_the_second_has_nothing_to_do() -> None:
    """Each bulk counts its own: the first one sends, the second one ends in another way."""
    w = world(observer("a", retry=RetryPolicy(max_attempts=1)))
    emit(w, 1)
    answer(w, DOWN)
    [run] = w.runs()
    for bulk in (5, 6):
        w.order(Order("replay", run=run.id, node="a", bulk=bulk))
    w.cycle()
    if w.state.runs == {}:
        w.cycle()
    history = w.result.mutations.history
    assert history is not None and history.steps == {6: BulkStep(6, other=1)}
    answer(w)
    history = w.result.mutations.history
    assert history is not None and history.steps == {5: BulkStep(5, resolved=1)}


def test_each_intent_has_a_key_of_its_own() -> None:
    """Of each event, observer and action."""
    w = world(observer("a,b", "one"), observer("a,b", "two"))
    emit(w, 1, 2)
    assert len({arrival.key for arrival in w.ledger}) == len(w.ledger) == 8


def test_a_clock_that_is_set_back_does_not_stop_a_rate() -> None:
    w = world(observer("a"), limits=EndpointLimits(per_second=1, burst=1))
    emit(w, 1)
    answer(w)
    w.clock.advance(-86_400_000)
    w.crash()
    emit(w, 2)
    wait(w, 1_000)
    assert len(w.ledger) == 2


def test_after_a_restart_too_a_replay_goes_before_a_dead_run_that_blocks() -> None:
    w = world(observer("a", order_by=lambda _: "k", block_on_dead=True))
    emit(w, 0)
    answer(w)
    emit(w, 2)
    answer(w, GONE)
    first = min(run.id for run in w.runs())
    w.order(Order("resend", run=first))
    w.cycle()
    w.cycle()
    answer(w, GONE)
    w.crash()
    w.cycle()
    replay(w, 2)
    assert [arrival.members[0] for arrival in w.ledger] == [0, 2, 0, 2]
