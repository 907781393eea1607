"""What an engine asks of limits that engines share, what it gives back, and what it is granted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import CoreSettings, Inputs, NewEvent, Performed, Step
from fql.engine.core.held.runs import Work
from fql.engine.core.held.shards import Shards
from fql.engine.core.held.state import State
from fql.engine.core.step import step
from fql.engine.program.limits import NEVER, EndpointLimits
from fql.store.sharing.granting import Held, Pace, decide
from fql.store.sharing.limits import UNTOLD, Grant, Known, Wish
from fql.store.sharing.port import Share
from tests.engine.programs import event, observer, program

DOWN = Outcome(status=503)
OK = Outcome(status=200)
NOW = 1_000_000


class Engine:
    """One of several; the test is its store, whose clock is an hour behind."""

    def __init__(self, limits: EndpointLimits, live: int = 3) -> None:
        self.program = program(observer("a"), limits={"here": limits})
        shards = Shards(8, range(8), shared=True)
        self.state = State(self.program, CoreSettings(), lambda: 0.5, 1, NOW, shards=shards)
        self.now, self.count, self.live = NOW, 0, live
        self.wishes: list[Wish] = []
        self.wake: int | None = None

    def step(self, after: int = 0, **given: Any) -> list[Work]:
        self.now += after
        made: Step = step(self.state, Inputs(**given), self.now)
        self.wishes, self.wake = made.wishes, made.wake
        return made.sends

    def emit(self, count: int, **given: Any) -> list[Work]:
        events = [NewEvent(event(self.count + number)) for number in range(count)]
        self.count += count
        return self.step(events=events, share=self.share(), **given)

    def share(self, **known: Known) -> Share:
        return Share(frozenset(range(8)), self.live, known=known, now=self.server())

    def server(self) -> int:
        return self.now - 3_600_000

    def grant(self, slots: int = 0, *, after: int = 1, **more: Any) -> list[Work]:
        known = more.pop("known", Known())
        given = Grant("here", slots=slots, known=known, now=self.server(), **more)
        return self.step(after, grants=[given])

    def end(self, works: list[Work], outcome: Outcome = OK, after: int = 1) -> list[Work]:
        done = [Performed(one, outcome, one.sends, self.now, "{}") for one in works]
        return self.step(after, outcomes=done)

    def rest(self) -> list[int]:
        """The store agrees to all that is given back in two seconds: what was kept each time."""
        kept: list[int] = []
        for _ in range(20):
            self.step(100)
            for wish in self.wishes:
                kept.append(wish.keep)
                self.grant(wish.keep)
        return kept

    def wish(self) -> Wish:
        (found,) = self.wishes
        return found


def test_slots_come_in_chunks_of_a_fair_share_and_more_if_they_are_all_used() -> None:
    engine = Engine(EndpointLimits(concurrency=50))
    assert engine.emit(30) == []
    assert (engine.wish().limit, engine.wish().keep, engine.wish().more) == (50, 0, 17)
    assert len(engine.grant(17)) == 17
    assert (engine.wish().keep, engine.wish().more) == (17, 17)
    assert engine.wake is None, "the answer of the store, or an outcome, comes first"
    assert len(engine.grant(34)) == 13


def test_what_was_not_used_goes_back_within_a_second() -> None:
    engine = Engine(EndpointLimits(concurrency=9))
    engine.emit(2)
    works = engine.grant(3)
    engine.end(works[:1])
    assert engine.rest() == [2, 1], "as many as were on the wire at once, lately"
    engine.end(works[1:])
    assert engine.rest() == [0]
    assert engine.wake is None


def test_an_engine_with_more_than_its_share_makes_room_for_one_that_lacks_some() -> None:
    engine = Engine(EndpointLimits(concurrency=6))
    engine.emit(20)
    works = engine.grant(6)
    engine.step(share=engine.share(here=Known(wanted=2)))
    assert engine.end(works[:1]) == [], "the place of what ends is not taken again"
    assert engine.wish().keep == 5
    engine.grant(5, known=Known(wanted=1))
    assert engine.end(works[1:2]) == []
    assert engine.wish().keep == 4
    engine.grant(4)
    assert len(engine.end(works[2:3])) == 1


def test_one_slot_goes_round_when_others_wait() -> None:
    engine = Engine(EndpointLimits(concurrency=1))
    engine.emit(20)
    works = engine.grant(1)
    works = engine.end(works)
    assert len(works) == 1, "nobody waits"
    engine.step(share=engine.share(here=Known(wanted=1)))
    works = engine.end(works)
    assert len(works) == 1, "a turn lasts a second"
    engine.step(1000)
    assert engine.end(works) == []
    assert (engine.wish().keep, engine.wish().more) == (0, 0)
    engine.grant(0)
    assert (engine.wish().keep, engine.wish().more, engine.wish().fair) == (0, 1, 1)


@pytest.mark.parametrize("limit", [1, 3])
def test_an_engine_keeps_its_share_and_sleeps(limit: int) -> None:
    """Others lack some: those of an engine that is gone, for as long as its lease lasts."""
    e = Engine(EndpointLimits(concurrency=limit))
    e.emit(1)
    assert len(e.grant(1)) == 1
    e.step(2_000, share=e.share(here=Known(wanted=1, turn=5)))
    assert e.wake is None or e.wake > e.now


def test_news_that_overtook_the_answer_to_our_own_count() -> None:
    """Another engine closed the circuit that this one had just opened."""
    e = Engine(EndpointLimits(failures=1, open_for=5_000, concurrency=3))
    e.emit(1)
    e.end(e.grant(1), DOWN)
    assert e.wish().open_for > 0
    e.step(10, share=e.share(here=Known(turn=9)))
    e.grant(known=Known(open_until=e.server() + 5_000, turn=8))
    assert not e.state.endpoint("here").circuit.is_open


def test_no_answer_is_no_grant_and_what_was_told_is_told_again() -> None:
    engine = Engine(EndpointLimits(concurrency=4, failures=1, open_for=5_000), live=1)
    engine.emit(2)
    works = engine.grant(4)
    engine.end(works, DOWN)
    assert engine.wish().open_for == 5_000
    engine.step(1, grants=[Grant("here")])
    assert engine.wishes == []
    assert engine.state.endpoints["here"].slots.count == 0
    engine.step(1000)
    assert engine.wish().open_for == 3_999
    assert engine.wish().keep == 0


def test_a_circuit_that_others_open_takes_all_slots_and_a_probe_needs_a_new_one() -> None:
    engine = Engine(EndpointLimits(concurrency=4, failures=3, open_for=5_000, probes=1), live=1)
    engine.emit(1)
    engine.end(engine.grant(4))
    opened = Known(open_until=engine.server() + 2_000, turn=9)
    assert engine.emit(3) != []
    engine.step(share=engine.share(here=opened))
    slots = engine.state.endpoints["here"].slots
    assert slots.count == len(engine.state.endpoints["here"].flying)
    assert engine.wish().keep == slots.count
    flying = list(engine.state.endpoints["here"].flying)
    engine.grant(slots.count, known=opened)
    assert engine.end(flying, DOWN) == []
    engine.grant(0, known=opened)
    engine.step(5_001)
    assert (engine.wish().limit, engine.wish().keep, engine.wish().more) == (1, 0, 1)
    assert len(engine.grant(1, known=opened)) == 1


def test_what_was_asked_for_before_a_circuit_opened_is_no_probe() -> None:
    engine = Engine(EndpointLimits(concurrency=4, failures=3, open_for=5_000), live=1)
    engine.emit(5)
    opened = Known(open_until=engine.server() + 1, turn=2)
    engine.step(share=engine.share(here=opened))
    assert engine.grant(4, after=100, known=opened) == [], "half open by now, but four are no probe"
    assert (engine.wish().limit, engine.wish().keep, engine.wish().more) == (1, 0, 1)


def test_times_are_told_as_how_long_so_clocks_may_differ() -> None:
    engine = Engine(EndpointLimits(failures=1, open_for=5_000))
    engine.step(share=engine.share(here=Known(open_until=engine.server() + 3_000)))
    assert engine.state.endpoints["here"].circuit.open_until == engine.now + 3_000
    later = Known(open_until=engine.server() + 10_000_000, turn=1)
    engine.step(share=engine.share(here=later))
    opens = engine.state.endpoints["here"].circuit.open_until
    assert opens == engine.now + 5_000, "no longer than it may be, should a clock have gone back"
    engine.step(share=engine.share(here=Known(turn=0)))
    assert engine.state.endpoints["here"].circuit.open_until == opens, "older news"
    engine.step(share=engine.share())
    assert not engine.state.endpoints["here"].circuit.is_open, "nobody holds it to be down"


def test_tokens_that_came_late_are_not_used() -> None:
    engine = Engine(EndpointLimits(per_second=10.0, burst=5, concurrency=NEVER))
    assert engine.emit(3) == []
    assert engine.wish().want == 1
    assert engine.grant(tokens=1, after=1_000) == []
    assert engine.wish().back == 1
    engine.grant(wait=1)
    engine.step(1)
    assert engine.wish().want == 1
    assert len(engine.grant(tokens=1, after=900)) == 1


def test_a_plan_without_a_limit_gives_slots_back_and_one_with_a_lower_limit_obeys() -> None:
    engine = Engine(EndpointLimits(concurrency=4), live=1)
    engine.emit(8)
    works = engine.grant(4)
    lower = program(observer("a", plan="p2"), limits={"here": EndpointLimits(concurrency=2)})
    assert engine.step(program=lower, others={}) == []
    assert engine.end(works[:2]) == []
    assert (engine.wish().limit, engine.wish().keep) == (2, 2)
    engine.grant(2)
    none = program(observer("a", plan="p3"), limits={"here": EndpointLimits(concurrency=NEVER)})
    assert len(engine.step(program=none, others={})) == 4
    assert (engine.wish().limit, engine.wish().keep) == (0, 0)


def test_an_endpoint_that_is_gone_from_the_plan_gives_its_slots_back() -> None:
    engine = Engine(EndpointLimits(concurrency=4), live=1)
    engine.emit(1)
    engine.end(engine.grant(4))
    other = program(observer("a", plan="p2", endpoint="there"))
    engine.step(program=other, others={})
    assert engine.rest()[-1] == 0
    assert engine.state.endpoints["here"].slots.count == 0


def test_a_new_state_tells_what_it_has_of_what_the_one_before_it_was_given() -> None:
    engine = Engine(EndpointLimits(concurrency=4))
    shards = Shards(8, range(8), shared=True, asked={"here"})
    engine.state = State(engine.program, CoreSettings(), lambda: 0.5, 9, NOW, shards=shards)
    engine.state.endpoint("here")
    engine.step()
    assert (engine.wish().keep, engine.wish().more) == (0, 0)


# What the store decides.

WISHES = st.builds(
    Wish, st.just("e"), rate=st.just(10.0), burst=st.integers(1, 30), want=st.integers(0, 40),
    back=st.floats(0, 5), limit=st.integers(1, 9), keep=st.just(0), more=st.integers(0, 9),
    fair=st.integers(1, 3), open_for=st.sampled_from([UNTOLD, 0, 700]),
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(-200, 2500), WISHES), max_size=40))
def test_nobody_gets_what_is_not_there(story: list[tuple[int, int, Wish]]) -> None:
    """Whatever is asked, in whatever order, and even if the store's clock goes back."""
    pace, held, now = Pace(5.0, NOW), dict[int, Held](), NOW
    for me, passed, wish in story:
        now += passed
        had = held.get(me, Held(me)).slots
        decided = decide(wish._replace(keep=had // 2), me, pace, held.values(), now)
        gained = max(0, passed) / 1000 * wish.rate
        assert decided.grant.tokens <= min(wish.want, pace.tokens + wish.back + gained + 1e-6)
        assert decided.pace.tokens >= 0
        assert decided.pace.turn > pace.turn
        pace, held[me] = decided.pace, decided.held
        total = sum(one.slots for one in held.values())
        assert decided.held.slots == had // 2 or total <= wish.limit
        assert decided.grant.slots == decided.held.slots


@pytest.mark.parametrize("first", [1, 2])
def test_who_has_waited_longest_is_served_first(first: int) -> None:
    wish = Wish("e", limit=1, more=1, fair=1)
    pace, second = Pace(1.0, NOW), 3 - first
    held = {3: Held(3, 1)}
    for number, me in enumerate((first, second)):
        made = decide(wish, me, pace, held.values(), NOW + number)
        assert (made.grant.slots, made.held.lacks) == (0, 1)
        held[me], pace = made.held, made.pace
    given_back = decide(Wish("e", limit=1, fair=1), 3, pace, held.values(), NOW + 50)
    held[3], pace = given_back.held, given_back.pace
    assert given_back.grant.known is not None
    assert given_back.grant.known.wanted == 1, "one of the two that wait will have the free one"
    assert decide(wish, 3, pace, held.values(), NOW + 60).grant.slots == 0
    assert decide(wish, second, pace, held.values(), NOW + 70).grant.slots == 0
    assert decide(wish, first, pace, held.values(), NOW + 80).grant.slots == 1
    late = NOW + 10_000
    assert decide(wish, second, pace, held.values(), late).grant.slots == 1, "who asks no more"
