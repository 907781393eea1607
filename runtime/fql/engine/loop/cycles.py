"""The loop: gather what waits, step, one commit, release what is to be sent. Then again.

An exception ends one item and nothing else. Memory may hold half of what was begun then, so it is
loaded again, and the same is taken again without the item (`fql.engine.core.held.aside`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from fql.engine.core.finish import may_wait
from fql.engine.core.held.inputs import Inputs, Performed, Step
from fql.engine.core.held.runs import Work
from fql.engine.core.held.state import State
from fql.engine.core.held.storable import maker_of, unstorable
from fql.engine.core.step import step
from fql.engine.loop.alarm import Alarm
from fql.engine.loop.clock import Clock, SystemClock
from fql.engine.loop.cycle import Waiting
from fql.engine.loop.herald import Herald
from fql.engine.loop.memory import Memory, Plans
from fql.engine.loop.senders import Senders
from fql.engine.loop.session import Session
from fql.engine.loop.settings import LoopSettings
from fql.engine.loop.sharing.following import Adopt, Following
from fql.engine.loop.sharing.verdicts import ConflictError, FencedError, StaleError
from fql.engine.program.bulkhead import Fault, PlainError, fault_of
from fql.engine.program.model import Program
from fql.errors import FqlError, PlanError, StoreError, StoreGone
from fql.observe.events import EngineStarted, Lifecycle, Listener, StoreTrouble
from fql.store.port import Store
from fql.store.records import Mutations
from fql.store.sharing.limits import Grant
from fql.store.sharing.port import NO_PLAN

MANY_MENDS = 50
"""Items set aside in a row, without a commit between them, after which it goes more slowly."""
MOST_CONFLICTS = 20
"""Times in a row that a commit may meet a key of another engine."""
HINT = "nothing of this was stored; it is tried again each second"


class Cycles:
    """What turns inputs into commits, and goes on whatever one of them raises."""

    def __init__(
        self,
        store: Store,
        program: Program,
        *,
        clock: Clock,
        plans: Plans,
        adopt: Adopt | None = None,
        settings: LoopSettings | None = None,
        chance: Callable[[], float] = random.random,
        listeners: Sequence[Listener] = (),
        present: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        self._store = store
        self._program = program
        self._former: Program | None = None
        self._clock = clock
        self._settings = settings or LoopSettings()
        self._herald = Herald(listeners)
        self._waiting = Waiting()
        self._under_way = Waiting()
        self._unstarted: list[Work] = []
        self._wake = Alarm(clock)
        self._session = Session(store, self._settings.holder, self._herald.tell)
        self._following = Following(self._session, self._herald.tell, adopt)
        self._senders = Senders(clock.now, self._take_outcome, self._session.may_send)
        self._memory = Memory(self._settings.core, chance, plans, present)
        self._busy = False
        self._lost: StoreGone | None = None
        self.positions: dict[str, int] = {}
        self.taken: dict[bytes, str] = {}
        self.entries: set[int] = set()
        self.generation = self.tenure = 0
        self._conflicts = 0
        self.trouble = ""
        self.broken = ""
        self._mends = 0

    @property
    def program(self) -> Program:
        """The program that new events are checked and matched with."""
        return self._program

    @property
    def state(self) -> State:
        """The state in memory, once started."""
        return self._memory.state

    @property
    def recovering(self) -> bool:
        """Whether nothing is taken now; `trouble` says why. `broken` is the fault that the last
        cycle met, if no item is to blame for it."""
        return bool(self.trouble)

    async def _load(self, *, again: bool = False) -> None:
        if self._session.time is not None and isinstance(self._clock, SystemClock):
            self._clock.follow(self._session.time)
        if self._session.generation == NO_PLAN:
            await self._session.activate(self._program.stored(self._clock.now()))
        snapshot = await self._session.load()
        snapshot.clean, self._herald.active = snapshot.clean or again, snapshot.active
        ended = (*self._memory.rescue.kept, *self._waiting.outcomes)
        aloft = self._senders.under_way() | {one.attempt for one in ended}
        first_id = self._session.first_id
        shards = self._session.held()
        now = self._clock.now()
        self._memory.take(self._program, snapshot, aloft, first_id, now, shards=shards)
        self.positions.update(snapshot.positions)
        self.taken = snapshot.taken
        self.tell(EngineStarted(self._session.number, snapshot.clean, len(snapshot.lanes)))
        self._session.tell_moved()

    async def _run_cycles(self) -> None:
        """A fault ends one item. After it memory is not trusted: it is loaded again first."""
        fault: Fault | None = None
        while True:
            try:
                if fault is None:
                    await self._wake.rings()
                self._check_store()
                if self._session.leaving:
                    return
                self._busy = True
                if fault is not None:
                    await self._mend(fault)
                    fault = None
                elif self._session.lost:
                    await self._recover(Waiting(), FencedError())
                else:
                    await self._follow()
                    await self._cycle()
            except StoreGone:
                raise
            except Exception as problem:  # noqa: BLE001 - a bulkhead: decision 0046
                if fault is not None:
                    await self._session.breathe()
                fault = fault_of(problem)
                self.trouble = fault.text
            finally:
                self._busy = False

    def _check_store(self) -> None:
        if self._lost is not None:
            raise self._lost

    async def _follow(self) -> None:
        """Go by what other engines of the store have brought about."""
        gained = await self._following.shares(self._waiting)
        if gained is not None:
            self.positions.update(gained.positions)
            self.taken.update(gained.taken)
            self.tenure += 1
        programs = await self._following.plan()
        if programs is not None:
            self.switch(*programs)

    def switch(self, program: Program, others: Mapping[str, Program]) -> None:
        """Use another plan from the next commit on; `others` are the programs of stored plans,
        made again with its endpoints."""
        self._program = program
        self._waiting.program, self._waiting.others = program, others
        self._wake.set()

    def _gather(self) -> None:
        """What waits is under way now, except for events that there is no room for."""
        self._waiting.send_back(self.state.shards.mine)
        self._under_way, self._waiting = self._waiting, Waiting()
        room = self.state.room(len(self._under_way.outcomes))
        if room is not None and (left := self._under_way.leave(room)):
            self._waiting.groups = left
            self._wake.set()

    async def _cycle(self, *, last: bool = False) -> None:
        """One step and its commit; after the `last` nothing follows. Raises StoreError in that."""
        self._gather()
        inputs = self._under_way.inputs()
        inputs.unstarted, self._unstarted = self._unstarted, []
        try:
            result = await self._commit_step(inputs)
        except (ConflictError, StaleError) as problem:
            await self._meet_again(problem)
            return
        except StoreError as problem:
            waiting = self._settled()
            waiting.reject(problem)
            if last:
                raise
            await self._recover(waiting, problem)
            return
        self._under_way.stored = True
        self._under_way.resolve()
        waiting = self._settled()
        self._senders.send(result.sends)
        self._wake.at = result.wake
        self.broken, self._mends, self._conflicts = "", 0, 0
        self.entries.difference_update(result.turned_away)
        self._session.reserve(result.wishes, self._take_grants)
        self._note_rows(result.mutations)
        self._session.tell_moved()
        self._announce(waiting, result)
        if not last:
            await self._read_pages(result)

    def _note_rows(self, stored: Mutations) -> None:
        self.positions.update(stored.positions)
        self.taken.update((row.id, row.outbox) for row in stored.taken)
        self.entries.difference_update(stored.consumed)
        for id_ in stored.forgotten:
            self.taken.pop(id_, None)

    def _settled(self) -> Waiting:
        """What was under way, now that its end is known."""
        waiting, self._under_way = self._under_way, Waiting()
        return waiting

    def _announce(self, waiting: Waiting, result: Step) -> None:
        self._herald.taken(waiting.groups)
        self._herald.announce(result)
        if waiting.program is not None:
            self._former = waiting.program
            self._herald.switched(waiting.program.short, waiting.program.digest)

    async def _commit_step(self, inputs: Inputs) -> Step:
        """One step, stored. Raises StoreError; then the state is ahead of what is stored."""
        if keys := inputs.keys():
            inputs.known = await self._store.known(keys)
        self._memory.rescue.keep_late(inputs.outcomes, self.state.in_flight)
        now = self._clock.now()
        result = step(self.state, inputs, now)
        if result.mutations:
            self._memory.tell_along(result.mutations, now)
            began = time.perf_counter()
            await self._commit(result, inputs)
            self._herald.committed(result.mutations, (time.perf_counter() - began) * 1000)
        self._memory.stored(result)
        return result

    async def _commit(self, result: Step, inputs: Inputs) -> None:
        """Where a commit fails for one row, it would do so again and again: its item is to blame.
        Raises StoreError, PlainError."""
        try:
            await self._session.commit(result.mutations)
        except StoreError:
            row = unstorable(result.mutations)
            if row is None:
                raise
            self.state.item = maker_of(row, inputs, result.attempted)
            raise PlainError("it has a value that no store can take") from None

    async def _read_pages(self, result: Step) -> None:
        try:
            for page in result.wants:
                self._waiting.pages.append(await self._store.page(page))
        except StoreError as problem:
            await self._recover(Waiting(), problem)
            return
        if result.wants:
            self._wake.set()

    async def _meet_again(self, conflict: ConflictError | StaleError) -> None:
        """The same once more: by now the key is known, or the plan."""
        waiting = self._settled()
        if isinstance(conflict, StaleError):
            await self._following.look()
        self._conflicts += 1
        if self._conflicts > MOST_CONFLICTS:
            waiting.reject(conflict)
        else:
            self._waiting.take_again(waiting)
        await self._renew(waiting, conflict.message, pause=self._conflicts > MOST_CONFLICTS)

    async def _recover(self, waiting: Waiting, problem: FqlError) -> None:
        """A commit failed, so the state in memory is ahead of what is stored. Or a page could not
        be read: then what waits in the store is found again as well."""
        self.tell(StoreTrouble(problem.message))
        self._waiting.program = self._waiting.program or waiting.program
        self._waiting.forgotten[:0] = waiting.forgotten
        fenced = isinstance(problem, FencedError)
        await self._renew(waiting, "the store takes no commits", pause=not fenced, fenced=fenced)

    async def _mend(self, fault: Fault) -> None:
        """Something raised, so memory may hold half of what was begun. The same is taken again,
        without the item that raised. Where that is not known, nothing of it was stored, as after
        a commit that failed."""
        waiting, item = self._settled(), self.state.item
        if waiting.stored:
            waiting.resolve()
            waiting = Waiting()
        known = self._memory.blame(fault, waiting)
        if not known:
            self.broken = fault.text
            waiting.reject(StoreError(f"the engine cannot continue: {fault.text}", hint=HINT))
            waiting.groups = []
        if isinstance(item, Program) and item is waiting.program:
            self._refuse_program(waiting, fault)
        self._waiting.take_again(waiting)
        self._mends += 1
        await self._renew(waiting, fault.text, pause=not known or self._mends > MANY_MENDS)

    def _refuse_program(self, waiting: Waiting, fault: Fault) -> None:
        """A plan that cannot be used is not used, and the one before it goes on."""
        self._program, waiting.program = self._former or self._program, None
        waiting.turn_away(PlanError(f"the plan cannot be used: {fault.text}"))

    async def _renew(
        self, waiting: Waiting, why: str, *, pause: bool, fenced: bool = False
    ) -> None:
        """Throw the state away, load it again, and hand in again what only it had."""
        self.trouble = why
        orders = self._memory.keep(waiting)
        if fenced:
            self._senders.unstarted()  # whoever has the store may have sent it
        again = partial(self._load, again=not fenced)
        await self._session.regain(again, pause=pause, fenced=fenced)
        if fenced:
            self._waiting.turn_back(FencedError())
        self._waiting.outcomes[:0] = self._memory.rescue.kept
        self._waiting.orders = orders + [
            one for one in self._waiting.orders if one.consumed is None and one not in orders
        ]
        self._waiting.forget_answers()
        self._session.remind()
        self.entries.clear()
        self._senders.serve_queue()
        self.generation += 1
        self.trouble = ""
        self._wake.set()

    def _take_outcome(self, performed: Performed) -> None:
        self._waiting.outcomes.append(performed)
        if not self._wake.is_set():
            self._wake.ring(soon=may_wait(self.state, performed, self._herald.watched))

    def _take_grants(self, grants: list[Grant]) -> None:
        self._waiting.grants.extend(grants)
        self._wake.set()

    def tell(self, event: Lifecycle) -> None:
        """Let everyone who listens know."""
        self._herald.tell(event)
