"""The senders: concurrent, and dumb. They render what is armed, make one attempt, and report.

An attempt that can begin at once has no task of its own: it is told when it is over. The others
wait in tasks, for a connection or for a kind of action that has no such way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVarTuple

from fql.actions.port import (
    Begin,
    Delivery,
    Flight,
    Outcome,
    RenderFailed,
    Request,
)
from fql.engine.core.held.inputs import Attempt, Performed
from fql.engine.core.held.runs import Run, SealedBatch, Work, owner_name
from fql.engine.program.bulkhead import Fault, fault_of, guarded
from fql.events.model import Event
from fql.exact.writing import write_json
from fql.expressions.scope import BatchInfo, Scope
from fql.observe.logs import logger

Ts = TypeVarTuple("Ts")
HOLD = 0.1
"""Seconds between looks whether the store is ours again."""


class Senders:
    """A pool of tasks that grows to what waits in them. `report` is called with each outcome.
    `may_send` is asked before each request: while the store may be another's, none begins."""

    def __init__(
        self,
        clock: Callable[[], int],
        report: Callable[[Performed], None],
        may_send: Callable[[], bool],
    ) -> None:
        self._clock = clock
        self._report = report
        self._may_send = may_send
        self._queue: deque[Work] = deque()
        self._idle: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._flights: dict[Work, Flight] = {}
        self._landed_all: asyncio.Event | None = None
        self.flying: set[Work] = set()

    def send(self, works: list[Work]) -> None:
        """Start these attempts. Their arming is committed. While draining none is begun: they are
        kept for `unstarted`."""
        left = works
        if not self._queue and not self._closing:
            left = [work for work in works if not self._begun(work)]
        self._queue.extend(left)
        self._serve_more(len(left))

    def _begun(self, work: Work) -> bool:
        """Whether its attempt is under way now, or over already."""
        number, timeout = work.sends, work.spec.timeout
        try:
            begin: Begin | None = getattr(work.spec.action, "begin", None)
            if begin is None or not self._may_send():
                return False
            land = partial(self._land, work, number, self._clock(), request := _rendered(work))
            delivery = delivery_of(work, number)
            self.flying.add(work)
        except Exception:  # noqa: BLE001 - a bulkhead: decision 0046
            return False  # whoever takes it from the queue meets the same, and tells of it
        try:
            flight = begin(request, delivery, timeout, land)
            if flight is None:
                self.flying.discard(work)
                return False
        except Exception as problem:  # noqa: BLE001 - a bulkhead: decision 0046
            land(_internal, work, problem)
            return True
        if work in self.flying:
            self._flights[work] = flight
        return True

    def _land(
        self, work: Work, number: int, started: int, request: Request,
        read: Callable[[*Ts], Outcome], *told: *Ts,
    ) -> None:  # fmt: skip
        """An attempt that was begun is over. It is reported, whatever is raised meanwhile."""
        if work in self._flights:
            del self._flights[work]
        try:
            self.flying.discard(work)
            outcome = read(*told)
            shown = _shown(work, (request,), outcome)
            self._report(Performed(work, outcome, number, started, shown))
        except Exception as problem:  # noqa: BLE001 - a bulkhead: decision 0046
            self.flying.discard(work)
            self._report(Performed(work, _internal(work, problem), number, started))
        if self._landed_all is not None and not self._flights:
            self._landed_all.set()

    def serve_queue(self) -> None:
        """Whoever should have begun what is queued may be gone."""
        self._serve_more(len(self._queue))

    def _serve_more(self, count: int) -> None:
        for _ in range(0 if self._closing else count):
            if not self._wake_one():
                task = asyncio.get_running_loop().create_task(self._serve())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _wake_one(self) -> bool:
        """Whether a sender was idle. It stays on the list until it is woken: none is ever lost."""
        while self._idle:
            waiter = self._idle[-1]
            idle = not waiter.done()
            if idle:
                waiter.set_result(None)
            self._idle.pop()
            if idle:
                return True
        return False

    def under_way(self) -> set[Attempt]:
        """What will be reported yet: owner, node and number of each attempt."""
        return {(w.owner.id, w.spec.name, w.sends) for w in (*self._queue, *self.flying)}

    def unstarted(self) -> list[Work]:
        """Take back what was not begun."""
        left = list(self._queue)
        self._queue.clear()
        return left

    async def drain(self, seconds: float) -> None:
        """Let what is on the wire end, at most so long; then cancel the rest."""
        self._closing = True
        while self._idle:
            self._idle.pop().cancel()
        if self._flights:
            self._landed_all = asyncio.Event()
            self._tasks.add(asyncio.get_running_loop().create_task(self._until_landed()))
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=seconds)
        await self.abort()

    async def _until_landed(self) -> None:
        if self._landed_all is not None:
            await self._landed_all.wait()

    async def abort(self) -> None:
        """Cancel everything now."""
        self._closing = True
        flights, self._flights = self._flights, {}
        self.flying.difference_update(flights)
        for flight in flights.values():
            flight.abort()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self) -> None:
        """Whatever is raised is an outcome of the work at hand, and the next one has its turn."""
        while not self._closing:
            work = None
            try:
                if not self._may_send():
                    await asyncio.sleep(HOLD)
                    continue
                work = self._queue[0] if self._queue else None
                await self._attend(work)
            except asyncio.CancelledError:
                return
            except Exception as problem:  # noqa: BLE001 - a bulkhead: decision 0046
                if work is None:
                    logger.error("a sender: %s", fault_of(problem).text)
                    await asyncio.sleep(0)
                    continue
                if work in self._queue:
                    self._queue.remove(work)
                self._report(Performed(work, _internal(work, problem), work.sends, 0))

    async def _attend(self, work: Work | None) -> None:
        """Make an attempt and report it; without work, wait for some."""
        if work is None:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._idle.append(waiter)
            await waiter
            return
        self.flying.add(work)
        self._queue.popleft()
        try:
            performed = await self._performed(work, work.sends)
        finally:
            self.flying.discard(work)
        self._report(performed)

    async def _performed(self, work: Work, number: int) -> Performed:
        started, made = self._clock(), list[Request]()
        try:
            outcome = await self._outcome(work, number, made)
        except asyncio.CancelledError as cancelled:
            if self._closing:
                raise
            outcome = _internal(work, cancelled)
        except Exception as problem:  # noqa: BLE001 - a bulkhead: decision 0046
            outcome = _internal(work, problem)
        return Performed(work, outcome, number, started, _shown(work, made, outcome))

    async def _outcome(self, work: Work, number: int, made: list[Request]) -> Outcome:
        spec = work.spec
        try:
            request = _rendered(work)
        except RenderFailed as problem:
            return Outcome(failure="evaluation", error=str(problem))
        made.append(request)
        return await spec.action.perform(request, delivery_of(work, number), spec.timeout)


def _rendered(work: Work) -> Request:
    return work.spec.action.render(work_scope(work))


def _internal(work: Work, problem: BaseException) -> Outcome:
    """The outcome of an attempt that raised, which only a fault of ours can do."""
    fault, spec = fault_of(problem), work.spec
    logger.error("%s.%s of run %x: %s", spec.observer, spec.name, work.owner.id, fault.text)
    return Outcome(failure="internal", error=fault.text)


def _shown(work: Work, made: Sequence[Request], outcome: Outcome) -> str | None:
    """The request for a dead letter, if one was made and can be shown."""
    if not made or _is_fine(outcome):
        return None
    seen = guarded(shown, made[0], outcome)
    if isinstance(seen, Fault):
        logger.error("the request of %s cannot be shown: %s", owner_name(work), seen.text)
        return None
    return seen


def shown(request: Request, outcome: Outcome) -> str | None:
    """The request as JSON; a success needs none."""
    return None if _is_fine(outcome) else write_json(request.shown).decode()


def _is_fine(outcome: Outcome) -> bool:
    status = outcome.status
    fine = outcome.failure is None and status is not None and status < 300
    return fine and not outcome.failed_members


def first_event(work: Work) -> Event:
    """The event it is about; of a batch, that of its first member."""
    owner = work.owner
    return owner.event if isinstance(owner, Run) else owner.members[0].event


def delivery_of(work: Work, number: int) -> Delivery:
    """What the receiver is told about the attempt of this number."""
    spec, owner = work.spec, work.owner
    event = first_event(work)
    started, links = (owner.started, ()) if isinstance(owner, Run) else (0, _links(owner))
    return Delivery(
        work.delivery(), spec.observer, spec.name, owner_name(work), number, work.redelivery,
        event.context, event.id, started, links,
    )  # fmt: skip


def _links(batch: SealedBatch) -> tuple[str, ...]:
    """The traces of all members but the first."""
    traces = (member.event.context.get("traceparent", "") for member in batch.members[1:])
    return tuple(trace for trace in traces if trace)


def work_scope(work: Work) -> Scope:
    """What the expressions of this work see. A member of a batch that is replayed is sent as a
    batch of one under its own key."""
    owner = work.owner
    if isinstance(owner, SealedBatch):
        sealed = datetime.fromtimestamp(owner.sealed / 1000, UTC)
        return owner.scope(BatchInfo(owner.key, len(owner.members)), sealed)
    scope = owner.scope(work.view)
    if work.spec.batch is None:
        return scope
    info = BatchInfo(work.delivery(), 1)
    scope.batch = info
    return Scope(
        event=scope.event, entity=scope.entity, new=None, old=None, id=info.id,
        timestamp=scope.timestamp, observer=scope.observer, batch=info, members=[scope],
    )  # fmt: skip
