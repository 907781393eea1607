"""The state in memory: loaded at the start, and again whenever it cannot be trusted.

It is ahead of the store when a commit fails, and may hold half a change when something raises.
Either way it is thrown away. Outcomes are kept: what they tell has happened at the receiver.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fql.engine.core.held.aside import Aside
from fql.engine.core.held.inputs import (
    Attempt,
    CoreSettings,
    NewEvent,
    Order,
    Performed,
    Step,
    Tally,
)
from fql.engine.core.held.shards import Shards
from fql.engine.core.held.state import State
from fql.engine.core.history.minutes import Minutes
from fql.engine.core.history.pulse import tell_besides
from fql.engine.core.taking import restore
from fql.engine.loop.cycle import Waiting
from fql.engine.loop.rescue import Rescue
from fql.engine.program.bulkhead import Fault, guarded
from fql.engine.program.model import Program
from fql.errors import StoreError
from fql.observe.logs import logger
from fql.store.records import Mutations, Snapshot, StoredPlan

Plans = Callable[[Sequence[StoredPlan]], Mapping[str, Program]]
"""Makes programs of stored plans that open work needs."""


class Memory:
    """One state after another, and what outlives them: numbers, outcomes, what is set aside."""

    def __init__(
        self, settings: CoreSettings, chance: Callable[[], float], plans: Plans,
        present: Callable[[], Mapping[str, object]] = dict,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._present = present
        self._chance = chance
        self._plans = plans
        self._state: State | None = None
        self._tally = Tally()
        self._aside = Aside()
        self.rescue = Rescue()
        self.minutes = Minutes()
        self.bulk_begun = asyncio.Event()

    @property
    def state(self) -> State:
        """The current state. Raises StoreError before the first one."""
        if self._state is None:
            raise StoreError("the engine has not been started", hint="use `async with`")
        return self._state

    def take(
        self, program: Program, snapshot: Snapshot, aloft: set[Attempt],
        first_id: int, now: int, *, shards: Shards | None = None,
    ) -> None:  # fmt: skip
        """Make the state of what is stored. What raises in this is set aside, too."""
        programs = {**self._plans(snapshot.plans), program.short: program}
        while True:
            state = self._made(program, first_id, now, shards)
            state.programs.update(programs)
            state.aloft = aloft
            self._aside.renew()
            fault = guarded(restore, state, snapshot)
            if fault is None:
                break
            if not self._blamed(state.item, fault, ()):
                raise StoreError(f"what is stored cannot be taken up: {fault.text}")
        self._state = state
        self.minutes.begin(state.next_number >> 32)

    def _made(self, program: Program, first_id: int, now: int, shards: Shards | None) -> State:
        before = self._state
        first_id = first_id if before is None else max(first_id, before.next_number)
        state = State(
            program, self._settings, self._chance, first_id, now, aside=self._aside, shards=shards
        )
        state.tally = replace(self._tally)
        state.draining = before is not None and before.draining
        return state

    def tell_along(self, mutations: Mutations, now: int) -> None:
        """What is told to people goes with a commit that is made anyway."""
        self.minutes.go_with(mutations, now)
        tell_besides(mutations, self._present)

    def stored(self, result: Step) -> None:
        """A step is committed: what it counted counts, and what it gave up is given up."""
        history = result.mutations.history
        if history is not None and history.bulks:
            self.bulk_begun.set()
        state = self.state
        self.minutes.count(result, self._tally, state.tally, state.now)
        self._tally = replace(state.tally)
        self.rescue.forget(state.late)
        if self._aside:
            self._aside.settle()

    def keep(self, waiting: Waiting) -> list[Order]:
        """Of a cycle that is lost: its outcomes are kept; gives the commands that no inbox has."""
        self.rescue.keep_all(waiting.outcomes)
        orders = [one for one in waiting.orders if one.consumed is None]
        return orders + [one for one in self.state.homeless() if one not in orders]

    def blame(self, fault: Fault, waiting: Waiting) -> bool:
        """Set aside what was worked on; False where that is not known."""
        item, self.state.item = self.state.item, None
        events = [new for group in waiting.groups for new in group.events]
        if not self._blamed(item, fault, events):
            return False
        if isinstance(item, Performed) and self._aside.of(item.work.owner) is not None:
            waiting.outcomes = [one for one in waiting.outcomes if one is not item]
            self.rescue.drop(item)
        if isinstance(item, Order):
            waiting.orders = [one for one in waiting.orders if one is not item]
            pending = self.state.pending.get(item.run, [])
            self.state.pending[item.run] = [one for one in pending if one is not item]
        return True

    def _blamed(self, item: object, fault: Fault, events: Sequence[NewEvent]) -> bool:
        named = self._aside.blame(item, fault.text, events)
        logger.error("%s: %s", f"{named} is set aside" if named else "a fault", fault.text)
        return bool(named)
