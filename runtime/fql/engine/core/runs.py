"""What the engine holds in memory of open work, and its stored form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from fql.actions.port import Outcome
from fql.engine.core.keys import delivery_key, run_name
from fql.engine.program.graph import (
    ACTIVE,
    ALONE,
    ARMED,
    BUFFERED,
    MEMBER,
    READY,
    SCHEDULED,
    STATE_NAMES,
    WAITING,
)
from fql.engine.program.model import NodeSpec, ObserverSpec
from fql.events.model import Event
from fql.expressions.scope import BatchInfo, FailureInfo, Scope
from fql.store.records import BatchRow, RunPatch, RunRow


class Work:
    """What may be sent: a node of a run, or a sealed batch of such nodes.

    `sends` counts armings (what the receiver sees as attempt), `failed` the failed attempts of
    this grant, `crashes` consecutive ones. `since` is when the grant's first attempt began,
    `ready_at` when its turn came while in memory (0: with its run).
    `replay` is 1 for a replay by the active plan, 2 for one by the plan of then, 3 for a last try
    before cancellation.
    """

    __slots__ = (
        "answer", "batch", "crashes", "due", "failed", "failure", "key", "owner",
        "ready_at", "redelivery", "replay", "sends", "since", "spec", "state",
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
        self.replay = 0
        self.redelivery = False
        self.ready_at = 0

    def delivery(self) -> str:
        """The stable key that the receiver sees."""
        return self.key or delivery_key(self.owner.key, self.spec.name)


class Run:
    """One observer for one event."""

    __slots__ = (
        "blocked", "ended", "event", "event_row", "id", "key", "lane", "order_key",
        "spec", "started", "state", "stored", "works",
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
    ) -> None:
        self.id = number
        self.event_row = event_row
        self.event = event
        self.spec = spec
        self.key = key
        self.state = "open"
        self.order_key: str | None = None
        self.lane = ""
        self.started = started
        self.ended: int | None = None
        self.stored = False
        self.blocked = False
        self.works = [Work(node, self) for node in spec.nodes]

    def states(self) -> list[str]:
        """The states of all nodes, in the order written."""
        return [work.state for work in self.works]

    def moves(self) -> bool:
        """Whether some node moves by itself."""
        return not ACTIVE.isdisjoint([work.state for work in self.works])

    def scope(self) -> Scope:
        """What expressions of this run see."""
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
        return scope

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
            encode_works(self.works),
        )  # fmt: skip

    def patch(self) -> RunPatch:
        """The columns that change."""
        return RunPatch(
            self.state, self.due(), self.lane, self.order_key, self.ended,
            encode_works(self.works), self.id,
        )  # fmt: skip


class SealedBatch:
    """A batch whose members, order and key are fixed."""

    __slots__ = ("ended", "id", "key", "members", "sealed", "spec", "work", "works")

    def __init__(
        self, number: int, spec: ObserverSpec, node: NodeSpec, members: list[Run],
        *, key: str, sealed: int,
    ) -> None:  # fmt: skip
        self.id = number
        self.key = key
        self.spec = spec
        self.members = members
        self.sealed = sealed
        self.ended: int | None = None
        self.work = Work(node, self)
        self.work.key = key
        self.works = [self.work]

    def scope(self, info: BatchInfo, sealed: Any) -> Scope:
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

    def member_work(self, run: Run) -> Work:
        """The node of a member that this batch stands for."""
        return run.works[self.work.spec.index]

    def row(self) -> BatchRow:
        """The whole stored row."""
        work = self.work
        due = None
        if work.state in ACTIVE:
            due = work.due if work.state == SCHEDULED else 0
        members = orjson.dumps([member.id for member in self.members]).decode()
        return BatchRow(
            self.id, self.key, self.spec.plan, self.spec.name, work.spec.name, members,
            self.sealed, due, work.spec.endpoint, self.ended, encode_works([work]),
        )  # fmt: skip


_PLAIN: list[Any] = [WAITING, 0, 0, 0, 0, 0, None, None, 0, "", 0]
"""A stored node as at the start; what is missing at the end of a stored one is as here."""


def _encode(work: Work) -> str:
    """One node: numbers alone where there is nothing else to say, as nearly always."""
    head = f'["{work.state}",{work.sends},{work.failed},{work.crashes},{work.due},{work.since}'
    failure, key = work.failure, work.key if isinstance(work.owner, Run) else ""
    if failure is None and work.answer is None and not (work.batch or key or work.replay):
        return head + "]"
    told = None
    if failure is not None:
        told = [failure.message, failure.status, failure.error_class, failure.attempts]
    rest = [work.answer, told, work.batch, key, work.replay]
    return f"{head},{orjson.dumps(rest, default=str)[1:-1].decode()}]"


def encode_works(works: Sequence[Work]) -> str:
    """Nodes as JSON: a list for each, which may leave out what is as at the start."""
    if len(works) == 1:
        return f"[{_encode(works[0])}]"
    return f"[{','.join(map(_encode, works))}]"


def decode_works(text: str, works: Sequence[Work]) -> None:
    """Read the stored form into these nodes."""
    for values, work in zip(orjson.loads(text), works, strict=False):
        full = values + _PLAIN[len(values) :]
        (work.state, work.sends, work.failed, work.crashes, work.due, work.since, answer,
         failure, work.batch, key, replay) = full  # fmt: skip
        restore = work.spec.restore_answer
        work.answer = restore(answer) if restore and answer is not None else answer
        work.failure = None if failure is None else FailureInfo(*failure)
        work.replay = replay
        if key:
            work.key = key


def show_works(text: str, names: Sequence[str]) -> list[dict[str, object]]:
    """Stored nodes for people: name, state, attempts."""
    shown = []
    for name, values in zip(names, orjson.loads(text), strict=False):
        sends = values[1] if len(values) > 1 else 0
        shown.append({"name": name, "state": STATE_NAMES[values[0]], "attempts": sends})
    return shown


def failure_info(outcome: Outcome, message: str, error_class: str, attempts: int) -> FailureInfo:
    """What a later action reads as `action.error`."""
    return FailureInfo(message, outcome.status, error_class, attempts)


def is_armed(work: Work) -> bool:
    """Whether it may be on the wire."""
    return work.state in (ARMED, ALONE)


__all__ = [
    "READY", "Run", "SealedBatch", "Work", "decode_works", "encode_works", "failure_info",
    "is_armed", "show_works",
]  # fmt: skip
