"""Another plan becomes active, or the one that is gets other limits: from when on that counts."""

from __future__ import annotations

from dataclasses import replace

from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import Program
from fql.plan.policies import RetryPolicy
from tests.engine.programs import observer, program
from tests.engine.test_core import DOWN, answer, emit, seen, wait, world
from tests.simulation.world import World

ONCE = RetryPolicy(jitter="none", max_attempts=1)


def limited(limits: EndpointLimits, plan: str = "p1") -> Program:
    return program(observer("a", plan=plan), limits={"here": limits})


def reload(w: World, made: Program, *others: Program) -> None:
    w.inputs.program, w.inputs.others = made, {one.short: one for one in others}
    w.cycle()


def test_the_plan_and_that_it_is_active_are_stored_in_the_commit_that_uses_it() -> None:
    w = world(observer("a"))
    reload(w, program(observer("z", plan="p2")))
    assert w.result.mutations.active == "p2"
    assert [plan.short for plan in w.result.mutations.plans] == ["p2"]


def test_a_higher_limit_lets_more_go_at_once() -> None:
    w = world(observer("a"), limits=EndpointLimits(concurrency=1))
    emit(w, 1, 2, 3)
    assert seen(w) == [1]
    reload(w, limited(EndpointLimits(concurrency=3)))
    assert seen(w) == [1, 2, 3]


def test_a_smaller_burst_holds_from_now_on() -> None:
    w = world(observer("a"), limits=EndpointLimits(per_second=1, burst=5))
    reload(w, limited(EndpointLimits(per_second=1, burst=2)))
    emit(w, 1, 2, 3)
    assert seen(w) == [1, 2]


def test_time_before_a_reload_fills_nothing_by_the_new_rate() -> None:
    w = world(observer("a"), limits=EndpointLimits(per_second=1, burst=1))
    emit(w, 1)
    wait(w, 500)
    reload(w, limited(EndpointLimits(per_second=100, burst=100)))
    emit(w, 2, 3, 4)
    assert seen(w) == [1]
    wait(w, 10)
    assert seen(w) == [1, 2]


def test_what_is_paused_stays_so() -> None:
    w = world(observer("a"))
    w.state.paused.add("here")
    w.state.paused.add("there")
    reload(w, program(observer("a", endpoint="there"), observer("b", "more")))
    emit(w, 1)
    assert w.ledger == []


def test_open_work_goes_by_its_own_plan_as_it_was_prepared_last() -> None:
    """Its settings may have changed with the environment, whatever plan is active now."""
    w = world(observer("a", retry=RetryPolicy(jitter="none", max_attempts=5)))
    emit(w, 1)
    answer(w, DOWN)
    reload(w, program(observer("z", plan="p2")), program(observer("a", retry=ONCE)))
    wait(w, 100)
    assert seen(w) == [1, 1]
    answer(w, DOWN)
    assert [letter.error_class for letter in w.letters()] == ["exhausted"]


def test_what_can_be_used_is_not_given_up_for_what_cannot() -> None:
    """A `${NAME}` is missing now: what is read back by the plan as prepared before goes on."""
    spec = observer("a", retry=RetryPolicy(jitter="none", initial_delay=60_000))
    w = world(spec)
    emit(w, 1)
    answer(w, DOWN)
    assert w.state.runs == {}
    why = "${TOKEN} has no value"
    blocked = replace(w.program, blocked=why, observers={"watch": replace(spec, blocked=why)})
    reload(w, program(observer("z", plan="p2")), blocked)
    for _ in range(3):
        wait(w, 30_000)
    assert seen(w) == [1, 1]


def test_a_plan_that_could_not_be_used_is_taken_up_when_it_can() -> None:
    """Its runs were left in the store meanwhile."""
    spec = observer("a")
    w = world(spec)
    emit(w, 1)
    blocked = replace(
        w.program, blocked="${TOKEN} has no value",
        observers={"watch": replace(spec, blocked="${TOKEN} has no value")},
    )  # fmt: skip
    w.program, w.others = program(observer("z", plan="p2")), {"p1": blocked}
    w.crash()
    for _ in range(3):
        w.cycle()
    assert len(w.ledger) == 1
    assert [stuck.why for stuck in w.state.stuck.values()] == ["${TOKEN} has no value"]
    reload(w, w.program, program(spec))
    for _ in range(3):
        w.cycle()
    assert len(w.ledger) == 2
    answer(w)
    assert [run.state for run in w.runs()] == ["done"]
