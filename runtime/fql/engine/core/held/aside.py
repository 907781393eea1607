"""What is set aside: items whose handling raised, by what identifies them, and how often.

An exception may leave half of a change in memory. So memory is thrown away and loaded again, and
the same inputs are taken again without the item. At first it is given up by the engine's own
means: an outcome counts as `internal`, a run's moving nodes die, an event becomes a dead letter, a
command is refused. An item that raises again in this is given up by fewer means: a run is closed by
its row alone, of an event only its place in the source is noted. What raises even then is left
where it is. Each blame takes an item one rung down, so this comes to an end. An endpoint whose
limits raise twice in a row gets nothing until another plan is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

from fql.actions.port import Outcome
from fql.engine.core.held.endpoints import Endpoint
from fql.engine.core.held.inputs import Misfit, NewEvent, Order, Performed
from fql.engine.core.held.runs import Run, SealedBatch, Work, owner_name
from fql.store.records import BatchRow, LetterRow, Loaded, RunPatch, RunRow
from fql.store.works import batch_name, decode_members, run_name

K = TypeVar("K", int, str)


class Rung(IntEnum):
    """What is done with an item that has raised this often; an endpoint has only the first two."""

    GIVEN_UP = 1
    """The engine's own means: a dead run, a dead letter, a refusal. An endpoint is tried again."""
    BY_ITS_ROW = 2
    """Fewer means: no expression is evaluated, and only rows are written. An endpoint is held."""
    LEFT = 3
    """Nothing: it stays where it is until the next start."""


@dataclass(slots=True)
class Blame:
    """Why, and how many `times`: its `Rung`, or beyond the last one. `met` says that the current
    step has given the item up."""

    text: str = ""
    times: int = 0
    met: bool = False


@dataclass(slots=True)
class Blamed(Generic[K]):
    """Items of one kind by what identifies them in the store. Nothing is done with those that are
    `left`, not even a call: it might raise."""

    items: dict[K, Blame] = field(default_factory=dict)
    left: set[K] = field(default_factory=set)

    def blame(self, key: K, text: str) -> bool:
        """One rung down; False when there is none left."""
        found = self.items.setdefault(key, Blame())
        found.times += 1
        found.text, found.met = text, False
        if found.times >= Rung.LEFT:
            self.left.add(key)
        return found.times <= Rung.LEFT

    def renew(self) -> None:
        """The state in which something was given up is lost."""
        for blame in self.items.values():
            blame.met = False

    def settle(self) -> None:
        """What was given up is stored, and may be met again as if nothing had been."""
        self.items = {
            key: blame
            for key, blame in self.items.items()
            if not blame.met or blame.times >= Rung.LEFT
        }


@dataclass(slots=True)
class Aside:
    """Everything that is set aside in one engine. It outlives the states in memory."""

    runs: Blamed[int] = field(default_factory=Blamed)
    batches: Blamed[int] = field(default_factory=Blamed)
    orders: Blamed[int] = field(default_factory=Blamed)
    endpoints: Blamed[str] = field(default_factory=Blamed)

    def __bool__(self) -> bool:
        return bool(
            self.runs.items or self.batches.items or self.orders.items or self.endpoints.items
        )

    def renew(self) -> None:
        """The state is loaded again: what it had given up without a commit is as before."""
        for kind in (self.runs, self.batches, self.orders):
            kind.renew()

    def settle(self) -> None:
        """A commit has counted."""
        for kind in (self.runs, self.batches, self.orders):
            kind.settle()
        self.endpoints.items = {
            name: blame
            for name, blame in self.endpoints.items.items()
            if blame.times >= Rung.BY_ITS_ROW
        }

    def of(self, owner: Run | SealedBatch) -> Blame | None:
        """Why a run or batch that was read back is to be given up."""
        if isinstance(owner, Run):
            return self.runs.items.get(owner.id)
        return self.batches.items.get(owner.id)

    def blame(self, item: object, text: str, events: Sequence[NewEvent]) -> str:
        """Set an item aside; gives its name. Nothing where there is none, or no rung is left.
        `events` are those that the step took in: a run that is not stored yet is one of theirs."""
        for one in item if isinstance(item, list) else ():
            self._blame_stored(one, text, events)
        if isinstance(item, list):
            return "what waits for a batch" if item else ""
        if isinstance(item, Work):
            item = item.owner
        if isinstance(item, Run | SealedBatch | Loaded | BatchRow):
            return self._blame_stored(item, text, events)
        if isinstance(item, Performed):
            return self._blame_outcome(item, text, events)
        return self._blame_named(item, text)

    def _blame_stored(
        self, item: Run | SealedBatch | Loaded | BatchRow, text: str, events: Sequence[NewEvent]
    ) -> str:
        if isinstance(item, BatchRow) or (isinstance(item, SealedBatch) and item.stored):
            return self._blame_batch(item, text)
        if isinstance(item, SealedBatch):
            names = [self._blame_stored(member, text, events) for member in item.members]
            return ", ".join(filter(None, names))
        if isinstance(item, Run) and not item.stored:
            maker = next((new for new in events if new.number == item.event_row), None)
            if maker is not None:
                maker.making = item.spec.name
                return _blame_event(maker, text)
        number = item.run.id if isinstance(item, Loaded) else item.id
        return run_name(number) if self.runs.blame(number, text) else ""

    def _blame_batch(self, item: SealedBatch | BatchRow, text: str) -> str:
        """On the second rung its members are laid down one by one."""
        known = self.batches.blame(item.id, text)
        if self.batches.items[item.id].times == Rung.BY_ITS_ROW:
            for number in _members(item):
                self.runs.items[number] = Blame(text, Rung.BY_ITS_ROW)
        return batch_name(item.id) if known else ""

    def _blame_outcome(self, item: Performed, text: str, events: Sequence[NewEvent]) -> str:
        if item.outcome.failure != "internal":
            item.outcome, item.shown = Outcome(failure="internal", error=text), None
            return f"an outcome of {owner_name(item.work)}"
        return self._blame_stored(item.work.owner, text, events)

    def _blame_named(self, item: object, text: str) -> str:
        if isinstance(item, Order):
            # Without a place in the inbox it is gone with the memory that held it.
            known = item.consumed is None or self.orders.blame(item.consumed, text)
            return f"the command {item.kind}" if known else ""
        if isinstance(item, Endpoint):
            return f"endpoint {item.name}" if self.endpoints.blame(item.name, text) else ""
        if isinstance(item, RunRow | RunPatch | LetterRow):
            number = item.run if isinstance(item, LetterRow) else item.id
            return run_name(number) if number and self.runs.blame(number, text) else ""
        return _blame_change(item, text)


def _blame_change(item: object, text: str) -> str:
    if isinstance(item, NewEvent):
        return _blame_event(item, text)
    if isinstance(item, Misfit):
        item.faults += 1
        return f"change {item.position} of {item.source}" if item.faults <= Rung.LEFT else ""
    return ""


def _members(item: SealedBatch | BatchRow) -> list[int]:
    if isinstance(item, SealedBatch):
        return [member.id for member in item.members]
    return decode_members(item.members)


def _blame_event(new: NewEvent, text: str) -> str:
    """One observer of an event where it is known which, else the event as a whole."""
    making, new.making = new.making, ""
    faults = new.faults = new.faults or {}
    if making and making not in faults:
        faults[making] = text
        return f"event {new.event.id} for {making}"
    faults[""] = text
    new.given_up += 1
    return f"event {new.event.id}" if new.given_up <= Rung.LEFT else ""
