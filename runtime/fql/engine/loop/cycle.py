"""One cycle's traffic: what waits for the next step, and who waits for its result."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from fql.engine.core.held.inputs import (
    Inputs,
    Marks,
    Misfit,
    NewEvent,
    Order,
    Performed,
    Stranger,
)
from fql.engine.program.model import Program
from fql.errors import FqlError, StoreError
from fql.store.records import Paged, Snapshot
from fql.store.sharing.limits import Grant
from fql.store.sharing.port import Share


@dataclass(slots=True)
class Group:
    """Events that were handed in together, and the future that resolves when they are durable.
    `source` is the name under which they are counted, if they are; `shard` is that of the source
    that they are from, which one engine reads. Or nothing but the `marks` of a bulk, which are made
    of what is stored."""

    events: Sequence[NewEvent]
    misfits: Sequence[Misfit]
    done: asyncio.Future[None]
    source: str = ""
    shard: int | None = None
    marks: Marks | None = None

    def comes_again(self) -> bool:
        """Whether it is from an outbox or the inbox, which give it again until it is stored."""
        every: list[NewEvent | Misfit] = [*self.events, *self.misfits]
        return any(one.row is not None or one.consumed is not None for one in every)


@dataclass(slots=True)
class Waiting:
    """What has come in since the last cycle. `stored` says that it is durable."""

    groups: list[Group] = field(default_factory=list)
    outcomes: list[Performed] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    pages: list[Paged] = field(default_factory=list)
    program: Program | None = None
    others: Mapping[str, Program] = field(default_factory=dict)
    flush: bool = False
    forgotten: list[bytes] = field(default_factory=list)
    stored: bool = False
    share: Share | None = None
    grants: list[Grant] = field(default_factory=list)
    gained: Snapshot | None = None
    strangers: list[Stranger] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.groups or self.outcomes or self.orders or self.pages or self.program or self.flush
            or self.share or self.grants or self.strangers
        )  # fmt: skip

    def take_again(self, earlier: Waiting) -> None:
        """What an earlier cycle has taken comes first, as if it had not. Outcomes and commands
        have ways of their own to come again, and what was read of the store is stale."""
        for group in earlier.groups:
            for new in group.events:
                new.renew()
        stale = [group for group in earlier.groups if group.marks is not None]
        Waiting(groups=stale).reject(StoreError("what is stored was loaded again meanwhile"))
        self.groups[:0] = [group for group in earlier.groups if group.marks is None]
        self.flush = self.flush or earlier.flush
        self.forgotten[:0] = earlier.forgotten
        self.strangers[:0] = earlier.strangers
        if self.program is None:
            self.program, self.others = earlier.program, earlier.others

    def forget_answers(self) -> None:
        """What a state has asked for that was thrown away."""
        self.pages.clear()
        self.grants.clear()

    def leave(self, room: int) -> list[Group]:
        """Take out the groups after the first `room` events; the first group always stays."""
        events = 0
        for number, group in enumerate(self.groups):
            if events >= room and number:
                left, self.groups = self.groups[number:], self.groups[:number]
                return left
            events += len(group.events)
        return []

    def inputs(self) -> Inputs:
        """The same as inputs of a step."""
        return Inputs(
            pages=self.pages,
            outcomes=self.outcomes,
            events=[event for group in self.groups for event in group.events],
            misfits=[misfit for group in self.groups for misfit in group.misfits],
            orders=self.orders,
            program=self.program,
            others=self.others,
            flush=self.flush,
            forgotten=self.forgotten,
            share=self.share,
            grants=self.grants,
            gained=self.gained,
            strangers=self.strangers,
            marks=[group.marks for group in self.groups if group.marks is not None],
        )

    def resolve(self) -> None:
        """Tell everyone that it is durable."""
        for group in self.groups:
            if not group.done.done():
                group.done.set_result(None)

    def turn_away(self, problem: FqlError) -> None:
        """Tell those who have handed nothing in, and only wait for this cycle, that it failed."""
        barriers = [group for group in self.groups if not group.events and not group.misfits]
        self.groups = [group for group in self.groups if group.events or group.misfits]
        for group in barriers:
            if not group.done.done():
                group.done.set_exception(problem)

    def send_back(self, mine: Container[int]) -> None:
        """A source that is another engine's by now gives the same again, to that one."""
        back = [one for one in self.groups if one.shard is not None and one.shard not in mine]
        self.groups = [group for group in self.groups if group not in back]
        Waiting(groups=back).reject(StoreError("another engine reads this source now"))

    def turn_back(self, problem: FqlError) -> None:
        """Another engine has had the store: it may have taken what comes again, and it may even
        have forgotten that since. so it is read again."""
        back = [group for group in self.groups if group.comes_again()]
        self.groups = [group for group in self.groups if group not in back]
        Waiting(groups=back).reject(problem)

    def reject(self, problem: FqlError) -> None:
        """Tell everyone that it is not."""
        for group in self.groups:
            if not group.done.done():
                group.done.set_exception(problem)
