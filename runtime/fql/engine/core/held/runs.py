"""What the engine holds in memory of open work; `fql.store.works` has its stored form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fql.actions.port import Outcome
from fql.engine.core.held.keys import delivery_key
from fql.engine.program.fit import View
from fql.engine.program.model import NodeSpec, ObserverSpec
from fql.events.model import Event
from fql.expressions.scope import BatchInfo, FailureInfo, Scope
from fql.store.records import BatchRow, RunPatch, RunRow
from fql.store.works import (
    ACTIVE,
    ALONE,
    ARMED,
    BUFFERED,
    MEMBER,
    SCHEDULED,
    WAITING,
    Replay,
    batch_name,
    decode_works,
    encode_members,
    encode_works,
    must_be_held,
    run_name,
)


class Work:
    """What may be sent: a node of a run, or a sealed batch of such nodes. Times are milliseconds
    since 1970. The core alone changes it, on the engine's thread.

    - `spec`, `owner`: what to send, and the run or batch it belongs to. A reload or a replay gives
      another `spec`.
    - `state`: a letter of `fql.store.works`.
    - `sends`: armings since the beginning, which the receiver sees as the number of the attempt.
    - `failed`, `crashes`: failed attempts, and crashes in a row; a replay sets both to 0.
    - `due`: when it is tried again or its buffer is sealed; 0 where it waits for no time.
    - `since`, `ready_at`: when the grant's first attempt began; when its turn came while it was in
      memory (0: with its run).
    - `answer`, `failure`: the typed answer of a done node, and why a dead one is dead.
    - `batch`: the sealed batch it is a member of, or 0.
    - `key`: the delivery key, where it is not the owner's.
    - `replay`, `redelivery`: why it is sent again, and whether the receiver may have seen it.
    - `bulk`: the bulk replay that counts how it ends, or 0.
    - `ticket`: that of its time among `Timers`, or 0.
    - `view`: what expressions see where it goes by another plan than its run.
    """

    __slots__ = (
        "answer", "batch", "bulk", "crashes", "due", "failed", "failure", "key", "owner",
        "ready_at", "redelivery", "replay", "sends", "since", "spec", "state", "ticket", "view",
    )  # fmt: skip

    def __init__(self, spec: NodeSpec, owner: Run | SealedBatch) -> None:
        self.spec = spec
        self.owner = owner
        self.state = WAITING
        self.sends = 0
        self.failed = 0
        self.crashes = 0
        self.due: int = 0
        self.since: int = 0
        self.answer: object = None
        self.failure: FailureInfo | None = None
        self.batch: int = 0
        self.key: str = ""
        self.replay = Replay.NONE
        self.bulk = 0
        self.redelivery = False
        self.ready_at = 0
        self.ticket = 0
        self.view: View | None = None

    def delivery(self) -> str:
        """The stable key that the receiver sees."""
        return self.key or self.owner.delivery(self.spec.name)


class Run:
    """One observer for one event. Times are milliseconds since 1970. The core alone changes it.

    - `id`, `event_row`: the numbers of the run and of its event in the store.
    - `event`, `spec`, `key`: what happened, the observer as the plan of the run has it, and what
      the keys of its deliveries are made of. They never change.
    - `state`, `started`, `ended`: open, done, dead, cancelled or expired; when it began and ended.
    - `order_key`, `blocked`: the stored name of its `order_by` queue, and whether another run of
      that queue goes first.
    - `lane`: the endpoint of what it does next; it counts against that one's room in memory.
    - `shard`: which part of the work it belongs to; it never changes.
    - `again`: it had ended, and a replay opened it.
    - `stored`: it has a row, so that a commit patches it.
    - `resting`: it is in memory, and does nothing but wait for a time that comes soon.
    - `works`: its nodes, in the order written.
    """

    __slots__ = (
        "again", "blocked", "ended", "event", "event_row", "id", "key", "lane", "order_key",
        "resting", "shard", "spec", "started", "state", "stored", "works",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        event: Event,
        spec: ObserverSpec,
        *,
        event_row: int,
        key: str,
        started: int,
        shard: int = 0,
    ) -> None:
        self.id = number
        self.shard = shard
        self.event_row = event_row
        self.event = event
        self.spec = spec
        self.key = key
        self.state = "open"
        self.order_key: str | None = None
        self.lane = ""
        self.started = started
        self.ended: int | None = None
        self.again = False
        self.stored = False
        self.blocked = False
        self.resting = False
        self.works = [Work(node, self) for node in spec.nodes]

    def delivery(self, node: str) -> str:
        """The key of what a node sends."""
        return delivery_key(self.key, node)

    def states(self) -> list[str]:
        """The states of all nodes, in the order written."""
        works = self.works
        return [works[0].state] if len(works) == 1 else [work.state for work in works]

    def moves(self) -> bool:
        """Whether some node moves by itself."""
        return not ACTIVE.isdisjoint(self.states())

    def scope(self, view: View | None = None) -> Scope:
        """What expressions of this run see, or those of another plan by their `view`."""
        event = self.event
        scope = Scope(
            event.kind, event.entity, event.new, event.old, event.id, event.timestamp,
            self.spec.name, run_name(self.id),
        )  # fmt: skip
        for work in self.works:
            if work.answer is not None:
                scope.responses[work.spec.name] = work.answer
            if work.failure is not None:
                scope.failures[work.spec.name] = work.failure
        if view is not None:
            scope.new, scope.old, scope.responses = view.new, view.old, dict(view.answers)
        return scope

    def rests(self) -> bool:
        """Whether all that moves waits for a time."""
        return all(work.state == SCHEDULED for work in self.works if work.state in ACTIVE)

    def since(self) -> int:
        """When the first of what moves could first have gone, or can."""
        times = [
            work.due or work.ready_at or self.started for work in self.works if work.state in ACTIVE
        ]
        return min(times, default=self.started)

    def due(self) -> int | None:
        """When the engine must look at it: the earliest of its active nodes; None while it waits
        for its turn in an `order_by` queue."""
        if self.blocked:
            return None
        first: int | None = None
        for work in self.works:
            if work.state in ACTIVE and work.state != MEMBER:
                due = work.due if work.state in (SCHEDULED, BUFFERED) else 0
                first = due if first is None or due < first else first
        return first

    def row(self) -> RunRow:
        """The whole stored row."""
        return RunRow(
            self.id, self.event_row, self.spec.plan, self.spec.name, self.key, self.state,
            self.due(), self.lane, self.order_key, self.started, self.ended,
            encode_works(self.works), must_be_held(self.works), self.shard,
            row_key=self.event.row_key,
        )  # fmt: skip

    def patch(self) -> RunPatch:
        """The columns that change."""
        return RunPatch(
            self.state, self.due(), self.lane, self.order_key, self.ended,
            encode_works(self.works), must_be_held(self.works), self.id,
        )  # fmt: skip


class SealedBatch:
    """A batch whose members, order and key are fixed."""

    __slots__ = ("ended", "id", "key", "members", "sealed", "spec", "stored", "work", "works")

    def __init__(
        self, number: int, spec: ObserverSpec, node: NodeSpec, members: list[Run],
        *, key: str, sealed: int,
    ) -> None:  # fmt: skip
        self.id = number
        self.key = key
        self.spec = spec
        self.members = members
        self.sealed = sealed
        self.stored = False
        self.ended: int | None = None
        self.work = Work(node, self)
        self.works = [self.work]

    @property
    def shard(self) -> int:
        """That of its members: all of them have one home."""
        return self.members[0].shard if self.members else 0

    def scope(self, info: BatchInfo, sealed: datetime) -> Scope:
        """What expressions see: the batch, and each member inside `each`."""
        members = [member.scope() for member in self.members]
        for member in members:
            member.batch = info
        return Scope(
            event=members[0].event,
            entity=members[0].entity,
            new=None,
            old=None,
            id=info.id,
            timestamp=sealed,
            observer=self.spec.name,
            run="",
            batch=info,
            members=members,
        )

    def delivery(self, _node: str) -> str:
        """The key of what it sends."""
        return self.key

    def member_work(self, run: Run) -> Work:
        """The node of a member that this batch stands for."""
        return run.works[self.work.spec.index]

    def row(self) -> BatchRow:
        """The whole stored row."""
        work = self.work
        due = None
        if work.state in ACTIVE:
            due = work.due if work.state == SCHEDULED else 0
        members = encode_members([member.id for member in self.members])
        return BatchRow(
            self.id, self.key, self.spec.plan, self.spec.name, work.spec.name, members,
            self.sealed, due, work.spec.endpoint, self.ended, encode_works([work]), self.shard,
        )  # fmt: skip


def restore_works(text: str, works: Sequence[Work]) -> None:
    """Read the stored form into these nodes. Raises ValueError for what does not fit them."""
    for stored, work in zip(decode_works(text), works, strict=False):
        (work.state, work.sends, work.failed, work.crashes, work.due, work.since, answer,
         failure, work.batch, work.key, work.replay, work.redelivery,
         work.bulk) = stored  # fmt: skip
        restore = work.spec.restore_answer
        work.answer = restore(answer) if restore and answer is not None else answer
        work.failure = None if failure is None else FailureInfo(*failure)


def failure_info(outcome: Outcome, message: str, error_class: str, attempts: int) -> FailureInfo:
    """What a later action reads as `action.error`."""
    return FailureInfo(message, outcome.status, error_class, attempts)


def owner_name(work: Work) -> str:
    """The run or batch as the receiver and people see it."""
    owner = work.owner
    return run_name(owner.id) if isinstance(owner, Run) else batch_name(owner.id)


def is_armed(work: Work) -> bool:
    """Whether it may be on the wire."""
    return work.state in (ARMED, ALONE)
