"""Engines that keep limits together, whatever becomes of their questions to the store: answered
late, lost on the way there or back, or carried out long after nobody waits any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fql.engine.core.held.inputs import Step
from fql.engine.core.held.runs import Work
from fql.store.sharing.granting import Decided, Held, Pace, decide, wanted
from fql.store.sharing.limits import Grant, Known, Wish
from fql.store.sharing.port import Share
from tests.simulation.moving.engine import Engine
from tests.simulation.moving.shared import Shared
from tests.simulation.moving.world import Moving

SKEW = 3000
"""Milliseconds by which the clock of an engine is ahead at most."""


@dataclass
class Limited(Shared):
    """A store that keeps limits as well, by the rule of the real one."""

    paces: dict[str, Pace] = field(default_factory=dict)
    slots: dict[tuple[str, int], Held] = field(default_factory=dict)

    def share(self, me: int) -> Share | None:
        share = super().share(me)
        if share is None:
            return None
        now = self.now()
        known = {}
        for name, pace in self.paces.items():
            others = [one for one in self.held(name) if one.session != me]
            known[name] = Known(pace.blocked_until, pace.open_until, wanted(others, now), pace.turn)
        return Share(share.mine, share.live, known=known, now=now)

    def held(self, name: str) -> list[Held]:
        """Slots of live sessions."""
        return [
            one for (endpoint, number), one in self.slots.items()
            if endpoint == name and self.sessions[number].state == "live"
        ]  # fmt: skip

    def read(self, me: int, wish: Wish) -> tuple[int, Decided]:
        """What would be written now, and the turn that must not have changed until then."""
        pace = self.paces.setdefault(wish.endpoint, Pace(float(wish.burst)))
        return pace.turn, decide(wish, me, pace, self.held(wish.endpoint), self.now())

    def write(self, wish: Wish, turn: int, decided: Decided) -> bool:
        """Whether nobody was quicker."""
        if self.paces[wish.endpoint].turn != turn:
            return False
        self.paces[wish.endpoint] = decided.pace
        self.slots[wish.endpoint, decided.held.session] = decided.held
        return True


@dataclass
class Together(Moving):
    """`lost` is how often a question to the store goes wrong."""

    lost: float = 0.0
    keeps = Limited
    limited = True

    def __post_init__(self) -> None:
        self.skews: dict[int, int] = {}
        self.later: list[Callable[[], None]] = []
        self.sent_at: dict[str, list[int]] = {}
        self.probes: set[tuple[int, int, int]] = set()
        super().__post_init__()
        assert isinstance(self.store, Limited)
        self.limits = self.store

    def probe(self) -> None:
        """Somebody has a receiver tried that is held to be down, or that is not."""
        self.have_probed(self.random.choice(("one", "two")))

    def have_probed(self, name: str) -> None:
        """Each engine is asked, by a shard that it has."""
        for engine in self.engines:
            if mine := self.store.mine(engine.session):
                self.store.ask("probe", min(mine), name=name)
        self.tell(f"probe {name}")

    def time(self, engine: Engine) -> int:
        skew = self.skews.setdefault(engine.session, self.random.randint(0, SKEW))
        return self.clock.now() + skew

    def stored(self, engine: Engine, result: Step) -> None:
        if engine.wake is not None:
            engine.wake -= self.skews[engine.session]
        self.later, due = [], self.later
        for one in due:
            one() if self.random.random() < 0.5 else self.later.append(one)
        for wish in result.wishes:
            self.tell(f"wish {engine.session} {wish}")
            self._ask(engine, wish)

    def _ask(self, engine: Engine, wish: Wish) -> None:
        turn, decided = self.limits.read(engine.session, wish)
        if self.random.random() >= self.lost:
            assert self.limits.write(wish, turn, decided)
            self._answer(engine, decided.grant)
            return
        match self.random.randint(0, 2):
            case 0:  # it never gets there
                pass
            case 1:  # it gets there late, if nobody was quicker
                self.later.append(lambda: self._write_late(wish, turn, decided))
            case 2:  # its answer is lost
                self.limits.write(wish, turn, decided)
        self._answer(engine, Grant(wish.endpoint))

    def _write_late(self, wish: Wish, turn: int, decided: Decided) -> None:
        self.limits.write(wish, turn, decided)

    def _answer(self, engine: Engine, grant: Grant) -> None:
        """Now or later. Once memory was loaded again, nobody waits for an answer from before."""
        asker = engine.state

        def arrive() -> None:
            if engine.state is asker:
                engine.inputs.grants.append(grant)

        if self.random.random() < 0.3:
            self.later.append(arrive)
        else:
            arrive()

    def _pause(self) -> int:
        return 20 if self.later else super()._pause()

    def _rests(self) -> bool:
        return not self.later and super()._rests()

    def receive(self, engine: Engine, work: Work) -> None:
        super().receive(engine, work)
        name = work.spec.endpoint
        self.sent_at.setdefault(name, []).append(self.clock.now())
        # What the step has sent before is not on the wire of its engine yet.
        flying = [
            _request(one)
            for other in self.engines
            if name in other.state.endpoints and self.store.sessions[other.session].state == "live"
            for one in other.state.endpoints[name].flying
        ]
        endpoint = engine.state.endpoints[name]
        assert len(flying) <= endpoint.limits.concurrency, f"{len(flying)} at once to {name}"
        if endpoint.circuit.is_open:
            # An engine that knows that it has closed, or not yet that it is open, sends no probes.
            self.probes.add(_request(work))
            probes = self.probes.intersection(flying)
            assert len(probes) <= endpoint.limits.probes, f"{len(probes)} probes of {name}"

    def check(self) -> None:
        super().check()
        for name, limits in self.program.limits.items():
            times = self.sent_at.get(name, [])
            for first, began in enumerate(times):
                for last in range(first, len(times)):
                    most = (limits.per_second or 1e9) * ((times[last] - began) / 1000 + 1)
                    assert last - first < most + limits.burst, f"{name} from {began}"
        left = [one for name in self.limits.paces for one in self.limits.held(name) if one.slots]
        assert not left, "all slots go back"


def _request(work: Work) -> tuple[int, int, int]:
    """One attempt, also after memory was loaded again."""
    return work.owner.id, work.spec.index, work.sends
