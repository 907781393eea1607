"""Random plans, events, answers, crashes and commands, told to the engine and to a reference
interpreter of the language: they must come to the same end."""

from __future__ import annotations

import os
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fql.actions.port import Outcome
from fql.engine.inputs import CoreSettings, Order, Performed
from fql.engine.limits import EndpointLimits
from fql.engine.programs import ObserverSpec, Program
from fql.engine.states import Run
from fql.expressions.scope import Scope
from fql.plan.policies import RetryPolicy
from fql.store.records import RunFilter
from tests.engine.programs import observer, program
from tests.simulation.reference import CANCELLED, Fate, Flow, ReferenceRun, settle
from tests.simulation.world import World, now

ATTEMPTS = 3
RETRY = RetryPolicy(max_attempts=ATTEMPTS, jitter="none")
FATES: tuple[Fate, ...] = ((0, False),) * 4 + (
    (1, False),
    (3, False),
    (4, False),
    (1, True),
    (99, False),
)
KEYS = 2


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """A DAG of up to five nodes: chains, fans, joins, `else` chains that may join again."""
    nodes = tuple("abcde"[: draw(st.integers(1, 5))])
    after: dict[str, tuple[str, ...]] = {nodes[0]: ()}
    rescue: dict[str, str] = {}
    for place, node in enumerate(nodes[1:], 1):
        earlier = nodes[:place]
        after[node] = ()
        if draw(st.integers(0, 3)) == 0:
            rescue[node] = draw(st.sampled_from(earlier))
        else:
            parents = st.lists(st.sampled_from(earlier), max_size=2, unique=True)
            after[node] = tuple(sorted(draw(parents)))
    skips = draw(st.sets(st.sampled_from(nodes), max_size=1))
    return Flow(nodes, after, rescue, frozenset(skips))


class Fated(World):
    """A world whose receivers answer as fate says: so many failures that the store has recorded,
    then success."""

    fates: list[Fate]

    def fate(self, event: int, name: str, node: str) -> Fate:
        place = event * 31 + ord(node) * 7 + int(name[1:]) * 3
        return self.fates[place % len(self.fates)]

    def answer_some(self) -> None:
        self.random.shuffle(self.wire)
        count = self.random.randint(1, max(1, len(self.wire)))
        landing, self.wire = self.wire[:count], self.wire[count:]
        for work in landing:
            assert isinstance(work.owner, Run)
            event = int(work.owner.event.position)
            wanted, final = self.fate(event, work.spec.observer, work.spec.name)
            rows = now(self.store.attempts([work.owner.id]))
            failed = sum(row.node == work.spec.name and row.status != 200 for row in rows)
            status = 200 if failed >= wanted else 404 if final else 503
            self._answers[id(work), work.sends].ok = status == 200
            done = Performed(work, Outcome(status=status), work.sends, self.clock.now(), "{}")
            self.inputs.outcomes.append(done)


def key_of(scope: Scope) -> str | None:
    return str(int((scope.new or {})["id"]) % KEYS)  # type: ignore[call-overload]


def spec_of(flow: Flow, name: str, plan: str, order: str) -> ObserverSpec:
    when = {node: (lambda _scope: False) for node in flow.skips}
    return observer(
        flow.text(), name, retry=RETRY, plan=plan, when=when,
        endpoint=lambda node: "even" if ord(node) % 2 else "odd",
        order_by=key_of if order else None, block_on_dead=order == "block",
    )  # fmt: skip


class Machine(RuleBasedStateMachine):
    """Rules are what may happen to an engine; `compare` settles it and looks."""

    @initialize(
        old=st.lists(flows(), min_size=2, max_size=2),
        new=st.lists(flows(), min_size=2, max_size=2),
        order=st.sampled_from(["", "skip", "block"]),
        fates=st.lists(st.sampled_from(FATES), min_size=3, max_size=11),
        seed=st.integers(0, 2**16),
        slots=st.sampled_from([1, 3, 256]),
    )
    def begin(
        self, old: list[Flow], new: list[Flow], order: str, fates: list[Fate], seed: int,
        slots: int,
    ) -> None:  # fmt: skip
        self.flows = {
            plan: {f"o{n}": flow for n, flow in enumerate(drawn)}
            for plan, drawn in (("p1", old), ("p2", new))
        }
        self.order = {"o0": "", "o1": order}
        self.programs = {plan: self.program(plan) for plan in self.flows}
        core = CoreSettings(
            max_in_flight=slots, window=20, crash_budget=10**6, alone_from=10**6
        )  # fmt: skip
        self.world = Fated(self.programs["p1"], seed, core, failure_rate=0.0, others=self.programs)
        self.world.fates = fates
        self.reference: dict[int, ReferenceRun] = {}
        self.places: dict[int, tuple[str, int]] = {}
        self.loose: set[int] = set()
        self.emitted = 0
        self.replays = 0

    def program(self, plan: str) -> Program:
        specs = [
            spec_of(flow, name, plan, self.order[name]) for name, flow in self.flows[plan].items()
        ]
        return program(*specs, limits={"even": EndpointLimits(concurrency=2, failures=0)})

    # What may happen.

    @rule(count=st.integers(1, 3))
    def emit(self, count: int) -> None:
        for _ in range(count):
            self.world.emit(self.emitted)
            self.emitted += 1

    @rule(count=st.integers(1, 8))
    def go_on(self, count: int) -> None:
        for _ in range(count):
            self.world.tick()

    @rule()
    def crash(self) -> None:
        self.world.crash()

    @rule(rate=st.sampled_from([0.1, 0.4]), count=st.integers(1, 10))
    def go_on_in_a_storm(self, rate: float, count: int) -> None:
        self.world.crash_rate = rate
        self.go_on(count)
        self.world.crash_rate = 0.0

    @rule(plan=st.sampled_from(["p1", "p2"]))
    def reload(self, plan: str) -> None:
        self.world.program = self.programs[plan]
        self.world.inputs.program = self.programs[plan]
        self.world.cycle()

    @rule(name=st.sampled_from(["even", "odd", "o0"]), kind=st.sampled_from(["pause", "resume"]))
    def pause_or_resume(self, name: str, kind: str) -> None:
        self.world.order(Order(kind, name=name))
        self.world.cycle()

    @rule(pick=st.integers(0, 1000))
    def cancel_under_way(self, pick: int) -> None:
        """How much of it had been sent is chance, so only promises are checked for it."""
        runs = [run for run in self.world.runs() if run.state == "open"]
        if runs:
            run = runs[pick % len(runs)]
            self.loose.add(run.id)
            self.world.order(Order("cancel", run=run.id))
            self.world.cycle()
            self.compare()

    @precondition(lambda self: self.emitted)
    @rule(pick=st.integers(0, 1000), twice=st.booleans())
    def replay(self, pick: int, twice: bool) -> None:
        self.compare()
        letters = sorted(self.world.letters(), key=lambda letter: letter.id)
        if not letters:
            return
        letter = letters[pick % len(letters)]
        order = Order("replay", run=letter.run, node=letter.node, letter=letter.id, force=True)
        self.replays += 1
        for _ in range(1 + twice):
            self.world.order(order)
        self.world.cycle()
        if letter.run not in self.loose:
            self.reference[letter.run].replay(letter.node)
        self.compare()

    @precondition(lambda self: self.emitted)
    @rule(pick=st.integers(0, 1000), kind=st.sampled_from(["discard", "cancel"]))
    def give_up(self, pick: int, kind: str) -> None:
        self.compare()
        letters = sorted(self.world.letters(), key=lambda letter: letter.id)
        if not letters:
            return
        letter = letters[pick % len(letters)]
        self.world.order(Order(kind, run=letter.run, node=letter.node, letter=letter.id))
        self.world.cycle()
        if letter.run not in self.loose:
            run = self.reference[letter.run]
            run.discard(letter.node) if kind == "discard" else run.cancel()
        self.compare()

    @rule()
    def compare(self) -> None:
        """Let everything come to rest, and ask the reference."""
        for name in ("even", "odd", "o0"):
            self.world.order(Order("resume", name=name))
        self.world.settle()
        self.take_in()
        self.settle_reference()
        for loaded in now(self.world.store.runs(RunFilter(limit=10**9))):
            self.check(loaded.run)

    def take_in(self) -> None:
        """The reference learns which plan each event met."""
        for loaded in now(self.world.store.runs(RunFilter(limit=10**9))):
            run, event = loaded.run, int(loaded.event.position)
            if run.id not in self.reference:
                flow = self.flows[run.plan][run.observer]

                def fates(node: str, event: int = event, name: str = run.observer) -> Fate:
                    return self.world.fate(event, name, node)

                self.reference[run.id] = ReferenceRun(flow, fates, ATTEMPTS)
                self.places[run.id] = (run.observer, event)

    def settle_reference(self) -> None:
        lines: dict[tuple[str, object], list[int]] = defaultdict(list)
        for number in sorted(self.reference):
            name, event = self.places[number]
            lines[name, event % KEYS if self.order[name] else number].append(number)
        stored = {run.id: run.state for run in self.world.runs()}
        for (name, _), numbers in lines.items():
            runs = [self.reference[number] for number in numbers]
            for number, run in zip(numbers, runs, strict=True):
                if number in self.loose:
                    run.started = True
                    for node in run.states:
                        run.states[node] = "x" if stored[number] == "dead" else CANCELLED
            settle(runs, blocking=self.order[name] == "block")

    def check(self, run: object) -> None:
        import orjson

        number, state = run.id, run.state  # type: ignore[attr-defined]
        letters = {row.node for row in self.world.letters() if row.run == number}
        codes = [node[0] for node in orjson.loads(run.works)]  # type: ignore[attr-defined]
        if number in self.loose:
            assert state in ("done", "dead", "cancelled")
            assert (state == "dead") <= bool(letters), "a dead run has a letter"
            return
        expected = self.reference[number]
        found = dict(zip(expected.flow.nodes, codes, strict=True))
        assert found == expected.states, (self.places[number], expected.flow.text())
        assert state == expected.state
        assert letters == expected.letters

    # What must hold at any time.

    @invariant()
    def each_intent_has_one_key_within_its_bound(self) -> None:
        if not hasattr(self, "world"):
            return
        keys: dict[tuple[object, ...], set[str]] = defaultdict(set)
        sends: dict[str, int] = defaultdict(int)
        for arrival in self.world.ledger:
            keys[arrival.run, arrival.observer, arrival.node].add(arrival.key)
            sends[arrival.key] += 1
        assert all(len(found) == 1 for found in keys.values())
        assert len(sends) == len(keys)
        bound = ATTEMPTS * (1 + self.replays) + self.world.crashes
        assert max(sends.values(), default=0) <= bound

    @invariant()
    def slots_are_kept(self) -> None:
        if hasattr(self, "world"):
            assert len(self.world.state.in_flight) <= self.world.settings.max_in_flight

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.compare()


def profile(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
        derandomize=examples < 1000, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip


def test_engine_and_reference_come_to_the_same_end() -> None:
    run_state_machine_as_test(
        Machine, settings=profile(int(os.environ.get("FQL_EXAMPLES", "120")), 25)
    )


@pytest.mark.soak
def test_engine_and_reference_come_to_the_same_end_for_long() -> None:
    run_state_machine_as_test(Machine, settings=profile(5000, 60))
