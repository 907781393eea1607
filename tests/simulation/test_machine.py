"""Random plans, events, answers, crashes and commands, told to the engine and to a reference
interpreter of the language: they must come to the same end."""

from __future__ import annotations

import os
from collections import defaultdict
from functools import partial

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

from fql.engine.core.held.inputs import CoreSettings, Order
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import Program
from fql.store.choosing import RunFilter
from fql.store.works import decode_works
from tests.engine.programs import program
from tests.simulation.drawn import ATTEMPTS, FATES, KEYS, flows, limits, spec_of, unbatched
from tests.simulation.fated import Fated
from tests.simulation.reference import CANCELLED, DONE, Fate, Flow, ReferenceRun, settle
from tests.simulation.world import now


class Machine(RuleBasedStateMachine):
    """Rules are what may happen to an engine; `compare` settles it and looks."""

    @initialize(
        old=st.lists(flows(), min_size=2, max_size=2),
        new=st.lists(flows(), min_size=2, max_size=2),
        order=st.sampled_from(["", "skip", "block"]),
        fates=st.lists(st.sampled_from(FATES), min_size=3, max_size=11),
        seed=st.integers(0, 2**16),
        slots=st.sampled_from([1, 3, 256]),
        even=limits(),
        odd=limits(),
    )
    def begin(
        self, old: list[Flow], new: list[Flow], order: str, fates: list[Fate], seed: int,
        slots: int, even: EndpointLimits, odd: EndpointLimits,
    ) -> None:  # fmt: skip
        if order:
            old, new = [old[0], unbatched(old[1])], [new[0], unbatched(new[1])]
        self.limits = {"even": even, "odd": odd}
        self.flows = {
            plan: {f"o{n}": flow for n, flow in enumerate(drawn)}
            for plan, drawn in (("p1", old), ("p2", new))
        }
        self.order = {"o0": "", "o1": order}
        self.programs = {plan: self.program(plan) for plan in self.flows}
        core = CoreSettings(
            max_in_flight=slots, window=20, crash_budget=10**6, alone_from=10**6
        )  # fmt: skip
        self.world = Fated(
            self.programs["p1"], seed, core, failure_rate=0.0, others=self.programs,
            flows=self.flows, fates=fates, limits=self.limits,
        )  # fmt: skip
        self.reference: dict[int, ReferenceRun] = {}
        self.places: dict[int, tuple[str, int]] = {}
        self.loose: set[int] = set()
        self.emitted = 0
        self.replays = 0
        self.renewed: dict[tuple[int, str], int] = defaultdict(int)

    def program(self, plan: str) -> Program:
        specs = [
            spec_of(flow, name, plan, self.order[name]) for name, flow in self.flows[plan].items()
        ]
        return program(*specs, limits=self.limits)

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

    @rule(count=st.integers(0, 3))
    def crash(self, count: int) -> None:
        """Also right behind the first sends of new events."""
        if count:
            self.emit(count)
            self.world.cycle()
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
    @rule(
        pick=st.integers(0, 1000), twice=st.booleans(), supplied=st.booleans(),
        original=st.booleans(), delay=st.sampled_from([0, 0, 700]),
    )  # fmt: skip
    def replay(self, pick: int, twice: bool, supplied: bool, original: bool, delay: int) -> None:
        self.compare()
        letters = sorted(self.world.letters(), key=lambda letter: letter.id)
        if not letters:
            return
        letter = letters[pick % len(letters)]
        order = Order(
            "replay", run=letter.run, node=letter.node, letter=letter.id, force=True,
            original=original, due=self.world.clock.now() + delay,
            answer={} if supplied else None,
        )  # fmt: skip
        self.replays += 1
        for _ in range(1 + twice):
            self.world.order(order)
        self.world.cycle()
        if letter.run not in self.loose:
            run = self.reference[letter.run]
            run.supply(letter.node) if supplied else run.replay(letter.node)
        self.compare()

    @precondition(lambda self: self.emitted)
    @rule(pick=st.integers(0, 1000), new_key=st.booleans(), whole=st.booleans())
    def resend(self, pick: int, new_key: bool, whole: bool) -> None:
        """What is done is sent once more, under the same key or a new one."""
        self.compare()
        exact = sorted(self.reference.keys() - self.loose)
        runs = [run for run in exact if DONE in self.reference[run].states.values()]
        if not runs:
            return
        run = runs[pick % len(runs)]
        done = [node for node, state in self.reference[run].states.items() if state == DONE]
        sent = done if whole else [done[pick % len(done)]]
        self.replays += 1
        for node in sent if new_key else ():
            self.renewed[run, node] += 1
        before = len(self.world.ledger)
        self.world.order(
            Order("resend", run=run, node="" if whole else sent[0],
                  new_key=str(self.replays) if new_key else "")
        )  # fmt: skip
        self.reference[run].resend(sent)
        self.compare()
        again = {arrival.node for arrival in self.world.ledger[before:] if arrival.run == (run,)}
        assert again >= set(sent)

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

                self.reference[run.id] = ReferenceRun(
                    flow,
                    partial(self.world.fate, run.plan, event, run.observer),
                    ATTEMPTS,
                    partial(self.world.named, event),
                )
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

        number, state = run.id, run.state  # type: ignore[attr-defined]
        letters = {row.node for row in self.world.letters() if row.run == number}
        codes = [node.state for node in decode_works(run.works)]  # type: ignore[attr-defined]
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
        """But for those that were sent anew under another one on purpose."""
        if not hasattr(self, "world"):
            return
        keys: dict[tuple[object, ...], set[str]] = defaultdict(set)
        sends: dict[str, int] = defaultdict(int)
        for arrival in self.world.ledger:
            keys[arrival.run, arrival.observer, arrival.node, arrival.batch].add(arrival.key)
            sends[arrival.key] += 1
        for (run, _, node, batch), found in keys.items():
            extra = 0 if batch else self.renewed[run[0], node]  # type: ignore[index]
            assert len(found) <= 1 + extra
        assert len(sends) == sum(map(len, keys.values()))
        bound = ATTEMPTS * (1 + self.replays) + self.world.crashes
        assert max(sends.values(), default=0) <= bound

    @invariant()
    def batches_never_change(self) -> None:
        """Members and their order are fixed; each event is in one batch of a node."""
        if not hasattr(self, "world"):
            return
        members: dict[str, tuple[int, ...]] = {}
        batch_of: dict[tuple[int, str], int] = {}
        for arrival in self.world.ledger:
            assert members.setdefault(arrival.key, arrival.run) == arrival.run
            for run in arrival.run if arrival.batch else ():
                assert batch_of.setdefault((run, arrival.node), arrival.batch) == arrival.batch

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
    run_state_machine_as_test(Machine, settings=profile(3000, 60))
