"""The senders: concurrent, and dumb. They render what is armed, make one attempt, and report."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from fql.actions.port import Delivery, Outcome, RenderFailed, Request
from fql.engine.core.inputs import Performed
from fql.engine.core.runs import Run, SealedBatch, Work
from fql.events.model import Event
from fql.exact.writing import write_json
from fql.expressions.scope import BatchInfo, Scope
from fql.store.works import batch_name, run_name


class Senders:
    """A pool of tasks that grows to what is in flight. `report` is called with each outcome."""

    def __init__(self, clock: Callable[[], int], report: Callable[[Performed], None]) -> None:
        self._clock = clock
        self._report = report
        self._queue: deque[Work] = deque()
        self._idle: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self.flying: set[Work] = set()

    def send(self, works: list[Work]) -> None:
        """Start these attempts. Their arming is committed."""
        self._queue.extend(works)
        for _ in works:
            if self._idle:
                self._idle.pop().set_result(None)
            else:
                task = asyncio.get_running_loop().create_task(self._serve())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def under_way(self) -> set[tuple[int, str, int]]:
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
        for waiter in self._idle:
            waiter.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=seconds)
        await self.abort()

    async def abort(self) -> None:
        """Cancel everything now."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while self._queue:
                await self._attempt(self._queue.popleft())
            if self._closing:
                return
            waiter: asyncio.Future[None] = loop.create_future()
            self._idle.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                return

    async def _attempt(self, work: Work) -> None:
        started, number = self._clock(), work.sends
        self.flying.add(work)
        try:
            request = work.spec.action.render(work_scope(work))
        except RenderFailed as problem:
            outcome = Outcome(failure="evaluation", error=str(problem))
            self._done(work, Performed(work, outcome, number, started))
            return
        spec = work.spec
        try:
            outcome = await spec.action.perform(request, delivery_of(work, number), spec.timeout)
        except Exception as fault:  # noqa: BLE001 - the one place that turns the unknown into data
            outcome = Outcome(failure="internal", error=f"{type(fault).__name__} in the action")
        finally:
            self.flying.discard(work)
        self._done(work, Performed(work, outcome, number, started, shown(request, outcome)))

    def _done(self, work: Work, performed: Performed) -> None:
        self.flying.discard(work)
        self._report(performed)


def shown(request: Request, outcome: Outcome) -> str | None:
    """The request for a dead letter; a success needs none."""
    fine = outcome.failure is None and outcome.status is not None and outcome.status < 300
    if fine and not outcome.failed_members:
        return None
    return write_json(request.shown).decode()


def owner_name(work: Work) -> str:
    """The run or batch as the receiver and people see it."""
    owner = work.owner
    return run_name(owner.id) if isinstance(owner, Run) else batch_name(owner.id)


def first_event(work: Work) -> Event:
    """The event it is about; of a batch, that of its first member."""
    owner = work.owner
    return owner.event if isinstance(owner, Run) else owner.members[0].event


def delivery_of(work: Work, number: int) -> Delivery:
    """What the receiver is told about the attempt of this number."""
    spec = work.spec
    return Delivery(
        work.delivery(), spec.observer, spec.name, owner_name(work), number, work.redelivery,
        *_origin(work),
    )  # fmt: skip


def _origin(work: Work) -> tuple[dict[str, str], str, int, tuple[str, ...]]:
    """Context, event and start of the run; of a batch, those of its first member, no start, and
    the traces of the others."""
    owner = work.owner
    if isinstance(owner, Run):
        return owner.event.context, owner.event.id, owner.started, ()
    first, *others = (member.event for member in owner.members)
    links = (event.context.get("traceparent", "") for event in others)
    return first.context, first.id, 0, tuple(link for link in links if link)


def work_scope(work: Work) -> Scope:
    """What the expressions of this work see. A member of a batch that is replayed is sent as a
    batch of one under its own key."""
    owner = work.owner
    if isinstance(owner, SealedBatch):
        sealed = datetime.fromtimestamp(owner.sealed / 1000, UTC)
        return owner.scope(BatchInfo(owner.key, len(owner.members)), sealed)
    scope = owner.scope()
    if work.spec.batch is None:
        return scope
    info = BatchInfo(work.delivery(), 1)
    scope.batch = info
    return Scope(
        event=scope.event, entity=scope.entity, new=None, old=None, id=info.id,
        timestamp=scope.timestamp, observer=scope.observer, batch=info, members=[scope],
    )  # fmt: skip
