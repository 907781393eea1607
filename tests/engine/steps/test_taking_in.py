"""What a commit holds of an event or a change that comes in, whatever becomes of it."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from fql.engine.core.held.aside import Rung
from fql.engine.core.held.inputs import Misfit, NewEvent, Step
from fql.engine.core.held.keys import payload_hash
from fql.engine.program.model import Program, Unjudged
from fql.store.history.rows import BulkStep
from fql.store.records import Remembered, Taken
from tests.engine.programs import event, observer, program
from tests.engine.test_core import world
from tests.simulation.world import World

ROW = Taken(b"0123456789abcdef", "outbox", 7)


def two() -> World:
    return world(observer("a", "one"), observer("b", "two"))


def take(w: World, *items: NewEvent | Misfit, known: Remembered | None = None) -> Step:
    for item in items:
        into = w.inputs.events if isinstance(item, NewEvent) else w.inputs.misfits
        into.append(item)  # type: ignore[arg-type]
    if known is not None:  # as if it had been stored before
        w.store.tables.remembered[known.key] = known
    w.cycle()
    return w.result


def misfit(**more: object) -> Misfit:
    return replace(Misfit("shop", "7", "Order", "insert", "e1", "no total", b"{}"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("given_up", list(Rung)[:2])
@pytest.mark.parametrize("kind", ["event", "known", "misfit"])
def test_its_place_in_the_source_is_noted_in_any_case(kind: str, given_up: int) -> None:
    """Else it would come again, or be asked for for ever."""
    w = world(observer("a"))
    known = Remembered(b"k", 1, 0, b"") if kind == "known" else None
    for times in (0, given_up):
        new: NewEvent | Misfit = NewEvent(event(1), b"k", row=ROW, consumed=9, given_up=times,
                                          faults={"": "it raised"})  # fmt: skip
        if kind == "misfit":
            new = misfit(row=ROW, consumed=9, faults=times)
        made = take(w, new, known=known).mutations
        assert made.taken == [ROW]
        assert made.positions == {"outbox": 7}
        assert made.consumed == [9]


def test_what_cannot_be_taken_in_is_a_dead_letter_that_can_be() -> None:
    w = world(observer("a"))
    lost = NewEvent(event(1), b"k", given_up=Rung.GIVEN_UP, faults={"": "it raised"}, bulk=5)
    [letter] = take(w, lost).mutations.letters
    assert (letter.error_class, letter.reason, letter.run) == ("internal", "it raised", None)
    envelope = orjson.loads(letter.payload or b"")
    assert (envelope["entity"], envelope["new"], envelope["id"]) == ("Order", {"id": 1}, "e1")
    assert "old" not in envelope
    assert w.result.dead == [letter]
    history = w.result.mutations.history
    assert history is not None and history.steps == {5: BulkStep(5, dead=1)}
    assert w.runs() == []
    assert take(w, replace(lost, number=0)).mutations.letters == [], "once"
    lost = NewEvent(event(2), given_up=Rung.BY_ITS_ROW, faults={"": "it raised again"})
    assert take(w, lost).mutations.letters == [], "not where even that has raised"


def test_a_condition_that_raised_is_the_dead_letter_of_its_observer_alone() -> None:
    made = program(
        observer("a", "one"), observer("b", "two"),
        matching=lambda _: [Unjudged("one", "it raised"), "two"],
    )  # fmt: skip
    w = World(made, 1, failure_rate=0.0)
    w.emit(1)
    w.cycle()
    [letter] = w.letters()
    assert (letter.observer, letter.reason) == ("one", "it raised")
    assert [run.observer for run in w.runs()] == ["two"]
    made = program(observer("a", "one"), matching=lambda _: [Unjudged("one", "it raised")])
    w = World(made, 1, failure_rate=0.0)
    w.emit(1)
    w.cycle()
    assert w.result.mutations.history is None, "nobody can say that nothing has matched it"


def test_an_order_key_that_raises_is_the_dead_letter_of_its_observer_alone() -> None:
    def raising(_: object) -> str:
        raise ValueError("no such key")

    w = world(observer("a", "one", order_by=raising), observer("b", "two"))
    w.emit(1)
    w.cycle()
    [letter] = w.letters()
    assert letter.observer == "one" and "ValueError" in letter.reason
    assert [run.observer for run in w.runs()] == ["two"]


@pytest.mark.parametrize(("only", "runs"), [("", ["one", "two"]), ("two", ["two"])])
def test_an_event_for_one_observer_makes_no_other_run(only: str, runs: list[str]) -> None:
    w = two()
    new = NewEvent(event(1), only=only)
    take(w, new)
    assert sorted(run.observer for run in w.runs()) == runs
    assert sorted(new.runs) == sorted(run.id for run in w.runs())


def test_a_replay_that_is_taken_in_resolves_its_letter_and_counts() -> None:
    w = world(observer("a"))
    made = take(w, NewEvent(event(1), b"k", resolves="dlq_x", bulk=5)).mutations
    assert made.letter_states == [("resolved", "dlq_x")]
    assert made.history is not None and made.history.steps == {5: BulkStep(5, resolved=1)}
    made = take(w, NewEvent(event(2), b"k", resolves="dlq_y", bulk=6)).mutations
    assert made.letter_states == []
    assert made.history is not None and made.history.steps == {6: BulkStep(6, other=1)}


def test_twins_of_one_commit_are_one_and_a_conflict_is_told() -> None:
    w = world(observer("a"))
    first, twin, other = (NewEvent(event(number), b"k") for number in (1, 1, 2))
    made = take(w, first, twin, other).mutations
    assert len(made.runs) == len(made.events) == len(made.remembered) == 1
    receipts = [(new.number, new.runs, new.duplicate, new.conflict) for new in (first, twin, other)]
    assert receipts == [
        (first.number, first.runs, False, False),
        (first.number, first.runs, True, False),
        (first.number, first.runs, True, True),
    ]


def test_a_known_key_has_its_first_receipt_and_a_conflict_is_told() -> None:
    w = world(observer("a"))
    payload = payload_hash(event(1).payload)
    for number, conflict in ((1, False), (2, True)):
        new = NewEvent(event(number), b"k")
        take(w, new, known=Remembered(b"k", 77, 0, payload))
        assert (new.number, new.duplicate, new.conflict) == (77, True, conflict)


def test_an_event_captured_for_an_earlier_plan_stores_that_with_its_run() -> None:
    """It may have been removed meanwhile, and the run must be read back by it."""
    w = world(observer("a"))
    earlier: Program = program(observer("z", plan="p0"))
    made = take(w, NewEvent(event(1), program=earlier)).mutations
    assert [plan.short for plan in made.plans] == ["p0"]
    assert [run.plan for run in made.runs] == ["p0"]


def test_an_event_without_a_run_is_kept_for_those_who_ask_why() -> None:
    made = program(observer("a"), matching=lambda _: [])
    w = World(made, 1, failure_rate=0.0)
    w.emit(1)
    w.cycle()
    history = w.result.mutations.history
    assert history is not None
    assert [(one.event_id, one.result) for one in history.unmatched] == [("e1", "unmatched")]


def test_a_change_that_does_not_fit_is_a_dead_letter_once() -> None:
    w = world(observer("a"))
    made = take(w, misfit(dedup=b"k", bulk=5)).mutations
    [letter] = made.letters
    assert (letter.error_class, letter.reason, letter.payload) == ("capture", "no total", b"{}")
    assert made.history is not None
    assert [one.result for one in made.history.unmatched] == ["refused"]
    assert made.history.steps == {5: BulkStep(5, dead=1)}
    w.inputs.known = {}
    again = take(w, misfit(dedup=b"k"), misfit(faults=1)).mutations
    assert again.letters == []


def test_the_context_of_an_event_is_stored_with_it() -> None:
    w = world(observer("a"))
    traced = event(1)._replace(context={"traceparent": "00-ab-cd-01"})
    rows = take(w, NewEvent(traced), NewEvent(event(2))).mutations.events
    assert [row.context for row in rows] == ['{"traceparent":"00-ab-cd-01"}', ""]


def test_a_run_with_nothing_to_do_has_ended_when_it_is_stored() -> None:
    w = world(observer("a", when={"a": lambda _: False}))
    take(w, NewEvent(event(1)))
    assert [run.state for run in w.runs()] == ["done"]
    assert w.ledger == []
    assert w.state.tally.open_runs == 0
