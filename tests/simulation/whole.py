"""Everything at once on one thread: engines, their store, receivers, sources, clocks, people.

What may happen is drawn for each story, and when it happens from the same seed. After each commit
and at each request `Looks` compares what is sent with what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Misfit, Order, Performed
from fql.engine.core.held.keys import dedup_hash
from fql.engine.core.held.runs import Run, Work
from fql.engine.program.model import Program
from fql.store.records import Mutations
from fql.store.works import ALONE, ARMED, DONE, TERMINAL, decode_works
from tests.simulation.rivals import Database, Rivals
from tests.simulation.world import FAULTS, OK, Arrival

HAPPENINGS = (
    "reload", "replay", "cancel", "discard", "pause", "resume", "send_source_back", "misfit",
    "twin", "hang", "sleep", "rewind", "crash",
)  # fmt: skip
"""What may happen before a step; `doubts` befall commits, `lost` answers, `jumps` clocks, `leaves`
engines, and each point of a cycle may be the last one of its process."""
NAMES = ("one", "two", "o0")
"""The endpoints, and an observer: what people pause."""
DAY = 86_400_000
JUMPS = (0, 0, -61_000, 61_000, DAY, -DAY)


class Watched(Database):
    """A database that sees to it that success is final."""

    def apply(self, mutations: Mutations) -> None:
        for patch in mutations.patches:
            before = decode_works(self.tables.runs[patch.id].works)
            after = decode_works(patch.works)
            for old, new in zip(before, after, strict=True):
                assert old.state != DONE or new.state == DONE, "success is final"
                assert new.sends >= old.sends - (old.state in (ARMED, ALONE)), "attempts count on"
        super().apply(mutations)


@dataclass
class Whole(Rivals):
    """`fates` are the odds of each happening at each step; `programs` the plans that people switch
    between."""

    programs: Mapping[str, Program] = field(default_factory=dict)
    fates: Mapping[str, float] = field(default_factory=dict)
    lost: float = 0.0
    jumps: bool = False

    def __post_init__(self) -> None:
        self.jump = self.replays = 0
        self.trace: list[str] = []
        self.unrefused: list[Misfit] = []
        self.misfits = 0
        self.discarded: set[str] = set()
        self.touched: set[int] = set()
        self.last_of: dict[str, int] = {}
        super().__post_init__()

    # Engines and their clocks.

    def made_store(self) -> Database:
        return Watched(self.clock.now)

    def time(self) -> int:
        return self.clock.now() + self.jump

    def start(self) -> None:
        """Each engine has a clock of its own, which somebody may have set."""
        self.jump = self.random.choice(JUMPS) if self.jumps else 0
        self.others = dict(self.programs)
        super().start()
        self.offer_again()
        self.tell(f"engine {self.lease.session} at {self.jump:+}")

    def tell(self, what: str) -> None:
        """One line of the story."""
        self.trace.append(f"{self.clock.now()} {what}")

    # What happens.

    def tick(self) -> None:
        for name, odds in self.fates.items():
            if self.random.random() < odds:
                self.tell(name)
                getattr(self, name)()
        super().tick()

    def reload(self) -> None:
        """Another plan, from the next commit on."""
        self.program = self.random.choice(list(self.programs.values()))
        self.inputs.program = self.program

    def replay(self) -> None:
        """Somebody replays a dead letter, perhaps twice, by this plan or that, now or later."""
        letters = [one for one in self.letters() if one.run is not None]
        if not letters:
            return
        letter = self.random.choice(sorted(letters, key=lambda one: one.id))
        later = self.random.choice((0, 0, 700))
        order = Order(
            "replay", run=letter.run, node=letter.node, letter=letter.id, force=True,
            original=self.random.random() < 0.5, due=self.time() + later,
        )  # fmt: skip
        self.touched.add(letter.run)
        self.replays += 1
        for _ in range(self.random.randint(1, 2)):
            self.order(order)

    def discard(self) -> None:
        """Somebody gives a dead letter up."""
        letters = sorted(self.letters(), key=lambda one: one.id)
        if letters:
            letter = self.random.choice(letters)
            self.touched.add(letter.run or 0)
            if letter.run is None:
                self.discarded.add(letter.id)  # it may be asked for twice
            self.order(
                Order("discard", run=letter.run or 0, node=letter.node, letter=letter.id)
            )  # fmt: skip

    def cancel(self) -> None:
        """Somebody stops a run, whatever it is doing."""
        runs = sorted(self.database.tables.open)
        if runs:
            run = self.random.choice(runs)
            self.touched.add(run)
            self.order(Order("cancel", run=run))

    def pause(self) -> None:
        self.order(Order("pause", name=self.random.choice(NAMES)))

    def resume(self) -> None:
        self.order(Order("resume", name=self.random.choice(NAMES)))

    def send_source_back(self) -> None:
        """The source was restored: it gives events again that it has given before."""
        waiting = {new.event.position for new in self.unsent}
        again = self.random.sample(self.emitted, min(3, len(self.emitted)))
        back = [new for new in again if new.event.position not in waiting]
        self.unsent = [*back, *self.unsent]

    def twin(self) -> None:
        """The same event twice in one group."""
        if self.unsent:
            self.unsent.append(self.random.choice(self.unsent))

    def misfit(self) -> None:
        """A change that does not fit its entity."""
        self.misfits += 1
        number = str(len(self.emitted) * 1000 + self.misfits)
        self.unrefused.append(
            Misfit(
                "source", number, "Order", "insert", f"m{number}", "odd", b"{}",
                dedup=dedup_hash("misfit", number),
            )
        )  # fmt: skip

    @property
    def refused(self) -> int:
        """Changes that did not fit and that nobody has given up; what was asked for just before a
        crash may be forgotten here."""
        return self.misfits - len(self.discarded - {letter.id for letter in self.letters()})

    def hang(self) -> None:
        """Nobody answers for a while."""
        self.clock.advance(1000)

    # A step.

    def cycle(self) -> None:
        self.inputs.misfits = list(self.unrefused)
        super().cycle()
        flying = [work.spec.endpoint for work in self.wire]
        for name, limits in self.program.limits.items():
            assert flying.count(name) <= limits.concurrency, "concurrency"
        assert len(flying) <= self.settings.max_in_flight, "slots"

    def _commit(self, mutations: Mutations) -> bool:
        before = self.under_way
        if not super()._commit(mutations):
            return False
        self.unrefused = []
        assert self.state.tally.open_runs == len(self.database.tables.open), "open runs are counted"
        self.tell(f"commit {len(before.events)} {len(before.outcomes)} {len(before.orders)}")
        return True

    def receive(self, work: Work) -> None:
        """Whatever leaves is armed in the store, in a run that is open, after what it follows."""
        tables, owner = self.database.tables, work.owner
        runs = [owner] if isinstance(owner, Run) else owner.members
        for run in runs:
            row = tables.runs[run.id]
            stored = decode_works(row.works)
            mine = stored[work.spec.index]
            if isinstance(owner, Run):
                assert (mine.state in (ARMED, ALONE), mine.sends) == (True, work.sends), "armed"
            assert row.ended is None, "nothing starts in a run that has ended"
            for edge in [] if run.id in self.touched else run.spec.graph.incoming[work.spec.index]:
                assert edge.source is None or stored[edge.source].state in TERMINAL, "in order"
            self._look_at_queue(run, row.order_key)
        names = {work.spec.endpoint, work.spec.observer}
        assert not names & tables.pauses.keys(), "sent while paused"
        super().receive(work)
        self.tell(f"sent {work.spec.observer}.{work.spec.name} {work.delivery()} {work.sends}")

    def _look_at_queue(self, run: Run, order_key: str | None) -> None:
        """One run at a time for a key, in the order of the events."""
        if order_key is None:
            return
        fellows = [other.owner for other in self.wire if isinstance(other.owner, Run)]
        for other in fellows:
            mine = other.id == run.id
            assert mine or self.database.tables.runs[other.id].order_key != order_key, "one a key"
        number = int(run.event.position)
        if run.id not in self.touched and not self.rewound:
            assert self.last_of.get(order_key, 0) <= number, "in the order of the source"
            self.last_of[order_key] = number

    def answer_some(self) -> None:
        """Some receivers answer, in any order; some of the answers are lost on the way."""
        self.random.shuffle(self.wire)
        count = self.random.randint(1, max(1, len(self.wire)))
        landing, self.wire = self.wire[:count], self.wire[count:]
        for work in landing:
            arrival = self._answers[id(work), work.sends]
            arrival.ok = arrival.ok and self.random.random() >= self.lost
            outcome = OK if arrival.ok else self.random.choice(FAULTS)
            self._note(work, arrival, outcome)

    def _note(self, work: Work, arrival: Arrival, outcome: Outcome) -> None:
        self.tell(f"answer {work.delivery()} {work.sends} {outcome.status or outcome.failure}")
        shown = orjson.dumps({}).decode()
        self.inputs.outcomes.append(Performed(work, outcome, work.sends, arrival.at, shown))

    def settle(self, limit: int = 20_000) -> None:
        """Faults end and what is paused goes on: all comes to rest within hours, whatever the
        clocks said."""
        self.fates, self.jumps, self.lost = {}, False, 0.0
        begin = self.clock.now()
        for name in NAMES:
            self.order(Order("resume", name=name))
        super().settle(limit)
        assert self.clock.now() - begin < DAY // 4, "a clock that was set delays nothing for long"
