"""Commands of people: each is carried out once and taken out of the inbox."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Order
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy
from fql.plan.policies import RetryPolicy
from fql.store.history.rows import BulkRow, BulkStep
from fql.store.works import Replay
from tests.engine.programs import observer, program
from tests.engine.test_core import DOWN, answer, emit, seen, wait, world
from tests.simulation.world import World

GONE = Outcome(status=404)
ONCE = RetryPolicy(jitter="none", max_attempts=1)
BULK = BulkRow(5, 0, "me", "{}", 10, 0, "dlq_a")


def dead(flow: str = "a") -> World:
    """One run whose first node is dead."""
    w = world(observer(flow, retry=ONCE))
    emit(w, 1)
    answer(w, GONE)
    return w


def ask(w: World, kind: str, **more: object) -> None:
    """A command about the dead letter of the one run."""
    [letter] = w.letters()
    w.order(Order(kind, run=letter.run, node=letter.node, letter=letter.id, **more))  # type: ignore[arg-type]
    w.cycle()
    if not w.state.runs:
        w.cycle()  # its run is read back first


def ends(w: World) -> list[str]:
    """How runs have ended, the oldest first."""
    return [run.state for run in sorted(w.runs(), key=lambda one: one.id)]


def steps(w: World) -> dict[int, BulkStep]:
    history = w.result.mutations.history
    return {} if history is None else history.steps


@pytest.mark.parametrize(
    "order",
    [
        Order("pause", name="here"), Order("resume", name="here"), Order("probe", name="here"),
        Order("seal", name="watch", node="a"), Order("watch"), Order("bulk", begins=BULK),
        Order("stop_bulk", bulk=5), Order("discard", letter="dlq_x"), Order("ignore"),
        Order("replay", node="a"),
    ],
    ids=lambda one: one.kind,
)  # fmt: skip
def test_a_command_about_no_run_leaves_the_inbox_at_once(order: Order) -> None:
    w = world(observer("a"))
    w.order(replace(order, consumed=7))
    w.cycle()
    assert w.result.mutations.consumed == [7]
    discards = [("discarded", "dlq_x")] if order.kind == "discard" else []
    assert w.result.mutations.letter_states == discards


@pytest.mark.parametrize("kind", ["replay", "discard", "evict", "cancel", "resend"])
def test_a_command_about_a_run_leaves_the_inbox_when_that_is_in_memory(kind: str) -> None:
    w = dead()
    [letter] = w.letters()
    w.order(Order(kind, consumed=7, run=letter.run or 0, node="a", letter=letter.id))
    w.cycle()
    assert w.result.mutations.consumed == []
    w.cycle()
    assert w.result.mutations.consumed == [7]


@pytest.mark.parametrize(
    ("kind", "refused", "letters"),
    [("replay", ["there is no such run"], []), ("cancel", ["there is no such run"], []),
     ("discard", [], [("discarded", "dlq_x")])],
)  # fmt: skip
def test_a_command_about_a_run_that_is_gone_is_told_or_done(
    kind: str, refused: list[str], letters: list[tuple[str, str]]
) -> None:
    w = world(observer("a"))
    w.order(Order(kind, consumed=7, run=99, node="a", letter="dlq_x", bulk=5))
    w.cycle()
    w.cycle()
    assert w.result.mutations.consumed == [7]
    assert [one.reason for one in w.result.refused] == refused
    assert w.result.mutations.letter_states == letters
    assert steps(w) == ({5: BulkStep(5, other=1)} if refused else {})


def test_a_probe_is_remembered_over_a_restart() -> None:
    """The receiver's own wish is over for good, not for the engine of now alone."""
    w = world(observer("a"), limits=EndpointLimits(failures=1, open_for=10_000))
    emit(w, 1)
    answer(w, Outcome(status=503, retry_after=60_000))
    w.order(Order("probe", name="here"))
    w.cycle()
    w.crash()
    emit(w, 2)
    w.cycle()
    assert 2 in seen(w)


def test_a_replay_that_is_discarded_before_it_is_sent_is_over() -> None:
    """It is dead as before, its bulk has counted it, and its time means nothing any more."""
    w = dead()
    later = w.clock.now() + 60_000
    ask(w, "replay", bulk=5, due=later)
    assert [letter.state for letter in w.letters()] == ["replaying"]
    ask(w, "discard")
    assert steps(w) == {5: BulkStep(5, other=1)}
    w.cycle()
    assert w.state.is_idle(), "nothing waits for it"
    wait(w, 60_000)
    assert len(w.ledger) == 1
    assert w.letters() == []
    assert ends(w) == ["cancelled"]


def test_a_replay_that_is_discarded_on_the_wire_is_not_tried_again() -> None:
    w = world(observer("a", retry=RetryPolicy(jitter="none", max_attempts=3)))
    emit(w, 1)
    answer(w, GONE)
    ask(w, "replay", bulk=5)
    ask(w, "discard")
    assert steps(w) == {5: BulkStep(5, other=1)}
    answer(w, DOWN)
    w.settle()
    assert len(w.ledger) == 2
    assert w.letters() == []


def test_a_run_whose_last_letter_is_discarded_is_cancelled_and_frees_its_key() -> None:
    w = world(observer("a", retry=ONCE, order_by=lambda _: "k", block_on_dead=True))
    emit(w, 1, 2)
    answer(w, GONE)
    assert seen(w) == [1]
    ask(w, "discard")
    w.settle()
    assert seen(w) == [1, 2]
    assert ends(w) == ["cancelled", "done"]


def test_a_dead_run_that_is_cancelled_gives_up_its_letter_and_its_key() -> None:
    w = world(observer("a>b", retry=ONCE, order_by=lambda _: "k", block_on_dead=True))
    emit(w, 1, 2)
    answer(w, GONE)
    ask(w, "cancel")
    w.settle()
    assert w.letters() == []
    assert seen(w) == [1, 2, 2]
    assert ends(w) == ["cancelled", "done"]
    assert list(w.states()[1].values()) == ["c", "c"]


@pytest.mark.parametrize("state", ["done", "cancelled"])
def test_a_run_that_has_ended_otherwise_is_not_cancelled(state: str) -> None:
    w = world(observer("a"), limits=EndpointLimits(concurrency=1))
    emit(w, 0, 1)
    second = max(run.id for run in w.runs())
    if state == "cancelled":
        w.order(Order("cancel", run=second))
    w.settle()
    w.order(Order("cancel", run=second))
    w.settle()
    assert [run.state for run in w.runs() if run.id == second] == [state]


def test_a_member_of_a_batch_counts_its_attempts_on_when_it_is_replayed() -> None:
    for last in (GONE, Outcome(status=200, failed_members=((0, "odd"),))):
        w = world(observer("a", batch={"a": BatchPolicy(1, 0)}))
        emit(w, 1)
        answer(w, DOWN)
        wait(w, 100)
        answer(w, last)
        ask(w, "replay")
        assert [one.attempt for one in w.ledger] == [1, 2, 3]


def test_a_replay_goes_by_the_plan_it_is_asked_to_go_by() -> None:
    """The second one by that of the run, although the first one went by the active one, and the
    run has been in memory all the time."""
    w = world(observer("a,b", retry=ONCE))
    emit(w, 1)
    answer(w, GONE, 1)
    w.inputs.program = program(observer("a,b", endpoint="there", retry=ONCE, plan="p2"))
    w.cycle()
    ask(w, "replay")
    w.wire.reverse()
    answer(w, GONE, 1)
    ask(w, "replay", original=True)
    assert [one.endpoint for one in w.ledger] == ["here", "here", "there", "here"]
    assert w.wire[-1].replay is Replay.BY_ORIGINAL


def test_a_replay_at_a_time_waits_for_it_and_one_of_the_past_goes_now() -> None:
    for milliseconds, sent in ((0, 2), (-5, 2), (5, 1)):
        w = dead()
        ask(w, "replay", due=w.clock.now() + milliseconds)
        assert len(w.ledger) == sent
        wait(w, 5)
        w.cycle()
        assert len(w.ledger) == 2


def test_a_resend_sends_only_what_is_asked_for() -> None:
    w = world(observer("a,b"))
    emit(w, 1)
    answer(w)
    [run] = w.runs()
    w.order(Order("resend", run=run.id, node="b"))
    w.settle()
    assert [one.node for one in w.ledger] == ["a", "b", "b"]
    assert [one.redelivery for one in w.ledger] == [False, False, False]


@pytest.mark.parametrize("others", [(), (2,)])
def test_what_is_cancelled_while_it_waits_for_a_time_is_waited_for_no_more(
    others: tuple[int, ...],
) -> None:
    """By who waits until nothing is left to do; what waits besides is."""
    late = RetryPolicy(jitter="none", initial_delay=3_600_000, max_delay=3_600_000)
    w = world(observer("a", retry=late))
    emit(w, 1)
    answer(w, DOWN)
    for number in others:
        wait(w, 1_000)
        emit(w, number)
        answer(w, DOWN)
    first = min(run.id for run in w.runs())
    w.order(Order("cancel", run=first))
    for _ in range(4):
        w.cycle()
    assert w.state.is_idle() is (not others)
    w.settle()
    assert seen(w) == [1, *others, *others]


def test_a_replay_has_fresh_attempts_and_so_has_what_is_sent_once_more() -> None:
    twice = RetryPolicy(jitter="none", max_attempts=2, max_elapsed=1_000)
    for kind in ("replay", "resend"):
        w = world(observer("a", retry=twice))
        emit(w, 1)
        answer(w, DOWN)
        wait(w, 100)
        answer(w, DOWN if kind == "replay" else Outcome(status=200))
        wait(w, 3_600_000)
        [run] = w.runs()
        w.order(Order(kind, run=run.id, node="a"))
        w.cycle()
        w.cycle()
        assert w.wire[0].crashes == 0
        answer(w, DOWN)
        assert [letter for letter in w.letters() if letter.state == "dead"] == []
        wait(w, 100)
        w.cycle()
        assert [one.attempt for one in w.ledger] == [1, 2, 3, 4]


def test_a_new_key_is_no_redelivery_and_a_resend_by_the_old_one_stays_one() -> None:
    for new_key, redelivery in (("salt", False), ("", True)):
        w = world(observer("a"))
        emit(w, 1)
        w.crash()
        w.cycle()
        w.cycle()
        answer(w)
        [run] = w.runs()
        w.order(Order("resend", run=run.id, new_key=new_key))
        w.cycle()
        w.cycle()
        assert w.ledger[-1].redelivery is redelivery


def test_a_run_that_ends_again_says_so() -> None:
    """Who counts runs counts it once."""
    w = dead()
    ask(w, "replay")
    answer(w)
    assert [(one.state, one.again) for one in w.result.ended] == [("done", True)]


@pytest.mark.parametrize("order", [Order("ignore", bulk=5), Order("replay", bulk=5)])
def test_what_cannot_be_done_is_counted_by_its_bulk(order: Order) -> None:
    w = dead("a!b")
    answer(w)
    w.order(replace(order, run=w.runs()[0].id if order.kind == "replay" else 0, node="a"))
    w.cycle()
    if order.kind == "replay":  # its `else` has run, and nobody forces it
        w.cycle()
    assert steps(w) == {5: BulkStep(5, other=1)}


def test_a_forced_replay_that_is_discarded_leaves_its_run_as_it_was() -> None:
    w = dead("a!b")
    answer(w)
    assert ends(w) == ["done"]
    ask(w, "replay", force=True, due=w.clock.now() + 60_000)
    assert ends(w) == ["open"]
    [run] = w.runs()
    w.order(Order("discard", run=run.id, node="a", letter="x"))
    for _ in range(3):
        w.cycle()
    assert ends(w) == ["done"]
    assert w.state.is_idle()


def test_a_replay_that_is_discarded_on_the_wire_stays_so_over_a_crash() -> None:
    w = world(observer("a", retry=RetryPolicy(jitter="none", max_attempts=3)))
    emit(w, 1)
    answer(w, GONE)
    ask(w, "replay")
    ask(w, "discard")
    w.crash()
    w.cycle()
    w.cycle()
    answer(w, DOWN)
    w.settle()
    assert w.letters() == []
    assert ends(w) == ["cancelled"]
