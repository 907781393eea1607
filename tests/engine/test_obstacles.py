"""What stands in the way of one piece of work must not hold up, or wear out, anything else."""

from __future__ import annotations

import pytest

from fql.actions.port import Outcome
from fql.engine.core.arm import ROUND
from fql.engine.core.held.inputs import CoreSettings, Order, Performed
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy, ObserverSpec
from fql.plan.policies import RetryPolicy
from tests.engine.programs import observer, program
from tests.simulation.world import World

OK = Outcome(status=200)
GONE = Outcome(status=404)
DOWN = Outcome(status=503)
ONCE = RetryPolicy(max_attempts=1, jitter="none")


def world(
    *observers: ObserverSpec, limits: EndpointLimits | None = None, **settings: object
) -> World:
    made = program(*observers, limits={"here": limits} if limits else None)
    core = CoreSettings(**settings)  # type: ignore[arg-type]
    return World(made, 1, core, failure_rate=0.0)


def emit(w: World, *numbers: int) -> None:
    for number in numbers:
        w.emit(number)
    w.cycle()


def answer(w: World, outcome: Outcome = OK, node: str = "") -> None:
    """The receivers answer what is on the wire (of one node, or all)."""
    landing = [work for work in w.wire if node in ("", work.spec.name)]
    w.wire = [work for work in w.wire if work not in landing]
    for work in landing:
        w.inputs.outcomes.append(Performed(work, outcome, work.sends, w.clock.now(), "{}"))
    w.cycle()


def codes(w: World) -> list[str]:
    return ["".join(found.values()) for found in w.states().values()]


def test_nothing_is_looked_at_again_while_only_an_answer_can_help() -> None:
    """All slots are taken: the engine sleeps until one is free, and does not spin."""
    w = world(observer("a"), max_in_flight=2)
    emit(w, 1, 2, 3, 4)
    assert len(w.wire) == 2
    assert w.wake is None


def test_a_share_that_is_used_up_does_not_spin_either() -> None:
    two = [observer("a", "o1", endpoint="slow"), observer("b", "o2", endpoint="other")]
    w = world(*two, max_in_flight=4)
    emit(w, *range(8))
    assert w.wake is None


@pytest.mark.parametrize("obstacle", ["paused", "blocked"])
def test_a_suspect_that_cannot_be_sent_holds_nobody_up(obstacle: str) -> None:
    """Work that was on the wire in several crashes is sent alone; when its own receiver is paused
    or asks for time just then, the others go on."""
    two = [observer("a", "o1", endpoint="bad"), observer("b", "o2", endpoint="good")]
    w = world(*two, alone_from=1)
    emit(w, 1)
    answer(w, node="b")
    w.crash()
    w.emit(2)
    w.cycle()
    w.cycle()  # what is in the store is older, and read first
    assert {work.spec.name for work in w.wire} == {"a", "b"}
    emit(w, 3)
    w.cycle()
    if obstacle == "paused":
        w.order(Order("pause", name="bad"))
    else:
        w.state.endpoint("bad").blocked_until = w.clock.now() + 60_000
    answer(w)
    w.cycle()
    w.cycle()
    sent = [arrival for arrival in w.ledger if arrival.node == "b"]
    assert len({arrival.key for arrival in sent}) == 3
    answer(w)
    if obstacle == "paused":
        w.order(Order("resume", name="bad"))
    w.settle()
    assert {run.state for run in w.runs()} == {"done"}


def test_suspects_are_sent_alone_to_their_own_endpoint_and_the_others_go_on() -> None:
    """Ten hung deliveries of one receiver in three crashes: another receiver never waits."""
    two = [observer("a", "o1", endpoint="hangs"), observer("b", "o2", endpoint="lives")]
    w = world(*two, alone_from=3, crash_budget=5)
    emit(w, *range(10))
    answer(w, node="b")
    for _ in range(3):
        w.crash()
        w.cycle()
        w.cycle()
    assert [work.spec.name for work in w.wire] == ["a"], "one suspect is on the wire"
    for number in range(10, 30):
        emit(w, number)
        answer(w, node="b")
    sent = [arrival for arrival in w.ledger if arrival.node == "b"]
    assert len({arrival.key for arrival in sent}) == 30
    assert [work.spec.name for work in w.wire] == ["a"], "and still alone at its endpoint"
    w.settle()
    assert {run.state for run in w.runs()} == {"done"}


def test_between_two_suspects_others_of_their_endpoint_have_their_turn() -> None:
    """Ten deliveries hung in three crashes. What comes to the same receiver meanwhile waits for one
    of them, not for all ten, and they do not wait for ever either."""
    w = world(observer("a", "o1"), observer("b", "o2"), alone_from=3, crash_budget=5)
    emit(w, *range(10))
    answer(w, node="b")
    for _ in range(3):
        w.crash()
        w.cycle()
        w.cycle()
    assert [work.spec.name for work in w.wire] == ["a"]
    emit(w, 10)
    assert len(w.wire) == 1, "nothing joins a suspect"
    answer(w, DOWN)
    w.cycle()
    assert sorted(work.spec.name for work in w.wire) == ["a", "b"], "the event of now"
    assert w.wake is not None and w.wake > w.clock.now(), "the retry; nothing spins"
    answer(w)
    w.cycle()
    assert len(w.wire) == 1, "the next suspect, alone"
    w.settle()
    assert {run.state for run in w.runs()} == {"done"}


def test_a_steady_flow_does_not_keep_a_suspect_waiting() -> None:
    """However much is ready, the wire is cleared for the next suspect after one turn."""
    w = world(observer("a", "o1"), alone_from=1, crash_budget=5)
    emit(w, 1, 2)
    w.crash()
    w.cycle()
    w.cycle()
    emit(w, *range(3, 60))
    answer(w)
    w.cycle()
    assert len(w.wire) == ROUND
    answer(w)
    w.cycle()
    assert len(w.wire) == 1, "the second suspect, alone"
    w.settle()
    assert {run.state for run in w.runs()} == {"done"}


def test_only_crashes_of_what_was_alone_make_poison() -> None:
    """What was sent to other endpoints meanwhile becomes a suspect at most."""
    two = [observer("a", "o1", endpoint="kills"), observer("b", "o2", endpoint="lives")]
    w = world(*two, alone_from=2, crash_budget=4)
    emit(w, 1)
    answer(w, node="b")
    for number in range(2, 6):
        w.crash()
        w.cycle()
        emit(w, number)
        answer(w, node="b")
    w.crash()
    w.cycle()
    dead = [(letter.action, letter.error_class) for letter in w.letters()]
    assert dead == [("a", "poison")], "the first event; the others were never alone"


def test_cancelling_a_member_of_a_batch_on_the_wire_lets_the_batch_end() -> None:
    """The members of a sealed batch never change; the cancelled run ends once, with it."""
    w = world(observer("a>b", batch={"a": BatchPolicy(2, 0)}))
    emit(w, 1, 2)
    first = min(run.id for run in w.runs())
    w.order(Order("cancel", run=first))
    w.cycle()
    answer(w)
    w.settle()
    states = {run.id: run.state for run in w.runs()}
    assert states.pop(first) == "cancelled"
    assert list(states.values()) == ["done"]
    assert w.state.tally.open_runs == 0


def test_a_cancelled_member_of_a_batch_that_fails_leaves_no_dead_letter() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(2, 0)}))
    emit(w, 1, 2)
    first = min(run.id for run in w.runs())
    w.order(Order("cancel", run=first))
    w.cycle()
    answer(w, GONE)
    assert [letter.run for letter in w.letters()] != [first, first]
    assert all(letter.run != first for letter in w.letters())
    assert w.state.tally.open_runs == 0


def test_cancelling_a_replay_under_way_gives_its_letter_up() -> None:
    """No dead letter stays `replaying` for ever."""
    w = world(observer("a", retry=RetryPolicy(max_attempts=2, jitter="none")))
    emit(w, 1)
    answer(w, GONE)
    [letter] = w.letters()
    w.order(Order("replay", run=letter.run, node="a", letter=letter.id))
    w.cycle()
    w.cycle()
    answer(w, DOWN)
    w.order(Order("cancel", run=letter.run))
    w.cycle()
    w.settle()
    assert w.letters() == []
    assert [run.state for run in w.runs()] == ["cancelled"]


def test_discarding_one_of_two_dead_letters_keeps_what_waits_behind_the_other() -> None:
    w = world(observer("a>c,b>d", retry=ONCE))
    emit(w, 1)
    answer(w, GONE)
    a, b = sorted(w.letters(), key=lambda letter: letter.node)
    w.order(Order("discard", run=a.run, node="a", letter=a.id))
    w.cycle()
    w.settle()
    assert [letter.id for letter in w.letters()] == [b.id]
    w.order(Order("replay", run=b.run, node="b", letter=b.id))
    w.cycle()
    w.settle()
    assert [arrival.node for arrival in w.ledger] == ["a", "b", "b", "d"]
    assert w.letters() == []
    assert [run.state for run in w.runs()] == ["cancelled"]


def test_discarding_while_another_branch_works_frees_the_key() -> None:
    """A run without dead letters must not block its key for ever."""
    blocked = observer("a,b", retry=ONCE, order_by=lambda scope: "k", block_on_dead=True)
    w = world(blocked)
    emit(w, 1, 2)
    answer(w, GONE, node="a")
    [letter] = w.letters()
    w.order(Order("discard", run=letter.run, node="a", letter=letter.id))
    w.cycle()
    answer(w)
    w.settle()
    assert sorted(run.state for run in w.runs()) == ["cancelled", "done"]


def test_a_buffer_keeps_its_time_over_a_restart_with_the_same_plan() -> None:
    """Only another plan, size or time seals a batch early."""
    w = world(observer("a", batch={"a": BatchPolicy(3, 5000)}))
    emit(w, 1)
    w.crash()
    w.inputs.program = w.program
    w.cycle()
    assert codes(w) == ["b"]
    w.inputs.program = program(observer("a", plan="p2"))
    w.cycle()
    assert [work.delivery() for work in w.wire] != []


def test_batch_members_that_are_too_old_expire_when_the_batch_is_sealed() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(2, 5000)}, max_age=1000))
    emit(w, 1)
    w.clock.advance(3000)
    w.settle()
    assert [letter.error_class for letter in w.letters()] == ["expired"]
    assert not w.ledger


def test_work_of_a_plan_that_cannot_run_now_does_not_hide_work_behind_it() -> None:
    """A name missing for a stored plan blocks only that work: the rest is found behind it."""
    w = world(observer("a", "o1", plan="p1"), window=16)
    emit(w, *range(40))
    w.program = program(observer("a", "o1", plan="p2"))
    w.inputs.program = w.program
    emit(w, *range(100, 120))
    w.crash()
    before = len(w.ledger)
    for _ in range(60):
        w.cycle()
        w.settle_wire()
    assert {arrival.members for arrival in w.ledger[before:]} == {(n,) for n in range(100, 120)}
    assert not w.inputs.pages, "what cannot run is not read again and again"


@pytest.mark.parametrize("window", [16, 100])
@pytest.mark.parametrize(
    "flow", ["slow, good", "good, slow", "slow, good, other", "slow, other>good"]
)
def test_a_receiver_that_never_answers_does_not_hold_up_its_siblings(
    flow: str, window: int
) -> None:
    """Each event goes to several at once, there are many more of them than memory holds, and most
    have come before anybody has answered."""
    fan_out = observer(flow, endpoint=lambda node: node)
    w = world(fan_out, window=window, max_in_flight=8)
    for first in range(0, 200, 10):
        emit(w, *range(first, first + 10))
        w.clock.advance(20)
    for _ in range(250):
        answer(w, node="good")
        answer(w, node="other")
    sent = {arrival.members for arrival in w.ledger if arrival.node == "good"}
    assert len(sent) == 200
