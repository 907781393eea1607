"""The rows of a store as its stream tells them: read once, and followed from there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fql.nats.batches import EXPECTED, TTL, Outgoing, Stored
from fql.store.nats.forms import command_written, cut, read_command, read_entry, read_held
from fql.store.nats.log import Log
from fql.store.nats.stream import Stream
from fql.store.tables import Change, Tables

LOG, INBOX, LEASE = "log", "inbox", "lease"
ROOM_FOR_HEADERS = 1_000
GONE = {TTL: "1s"}
"""For a message without a body in the place of one that is done with: it leaves by itself."""
_PART = re.compile(r"log\.\d+\.\d+\.(\d+)\.(\d+)")


@dataclass(slots=True)
class _Entry:
    """An entry of the log that is being read."""

    first: int
    parts: list[bytes] = field(default_factory=list)


class Following:
    """Tables as far as the stream has been read: the log up to the message before `next`, and the
    inbox, which the engine reads alone, as it knows what it writes itself. Whoever adds to the
    rows holds `lock`, so that nothing is added twice."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.lock = asyncio.Lock()
        self.dropped = 0
        self._begin()

    def _begin(self) -> None:
        self.tables = Tables()
        self.log = Log()
        self.next = 1
        self._next_command = 1
        self._arrived: dict[int, str] = {}
        self._done: dict[int, None] = {}
        self._early: set[int] = set()
        self._entry: _Entry | None = None
        self._told = self.dropped

    async def follow(self, least: int = 0) -> None:
        """Read on to the end, at least to this message. Where the beginning of the log has been
        dropped beyond what was read, so has that rows were deleted: then all is read again. Raises
        StoreError."""
        async with self.lock:
            if self.next == 1 and (found := await self.stream.last(LEASE)) is not None:
                self.dropped = self._told = read_held(found.body).dropped
            while True:
                first = self.next
                await self._read(least)
                before, self.dropped = self.dropped, self._told
                if self.dropped == before or self.dropped <= first:
                    return
                self._begin()

    async def _read(self, least: int) -> None:
        await self.follow_inbox()
        await self.stream.read(self.next, f"{self.stream.prefix}.>", self._take, least)
        self._next_command = max(self._next_command, self.next)
        self._early = {number for number in self._early if number >= self._next_command}

    async def follow_inbox(self) -> None:
        """Read the inbox alone. Raises StoreError."""
        inbox = f"{self.stream.prefix}.{INBOX}.>"
        await self.stream.read(self._next_command, inbox, self._take_command)

    def _take(self, message: Stored) -> None:
        self.next = message.sequence + 1
        kind = message.subject.removeprefix(f"{self.stream.prefix}.")
        if kind.startswith(f"{INBOX}."):
            self._take_command(message)
        elif kind == LEASE:
            self._told = read_held(message.body).dropped
        elif part := _PART.fullmatch(kind):
            self._take_part(message, int(part[1]), int(part[2]))

    def _take_command(self, message: Stored) -> None:
        """Without a body it is in the place of one that is done with."""
        number = message.sequence
        if number < self._next_command:
            return
        self._next_command = number + 1
        if not message.body:
            return
        self._arrived[number] = message.subject
        if number in self._early:
            self._done[number] = None
        else:
            self.tables.take(Change("inbox", number, read_command(number, message.body)))

    def _take_part(self, message: Stored, number: int, of: int) -> None:
        if number == 1:
            self._entry = _Entry(message.sequence)
        entry = self._entry
        if entry is None or len(entry.parts) != number - 1:
            self._entry = None  # its beginning was dropped: nothing of it is needed
            return
        entry.parts.append(message.body)
        if number == of:
            self._entry = None
            body = b"".join(entry.parts)
            self.apply(entry.first, read_entry(body), len(body))

    def apply(self, first: int, changes: list[Change], size: int) -> None:
        """An entry of the log is stored, from this message on."""
        self.log.take(first, changes, size)
        for change in changes:
            self.tables.take(change)
            if change.table == "inbox" and isinstance(change.key, int):
                self._consume(change.key)

    def _consume(self, number: int) -> None:
        if number in self._arrived:
            self._done[number] = None
        elif number >= self._next_command:
            self._early.add(number)

    def done_with(self, changes: list[Change], most: int) -> dict[int, Outgoing]:
        """Messages to take the place of commands that are done with, or are by these changes."""
        now = [change.key for change in changes if change.table == "inbox"]
        done = [*self._done, *(key for key in now if isinstance(key, int) and key in self._arrived)]
        return {number: Outgoing(self._arrived[number], b"", GONE) for number in done[:most]}

    def replaced(self, numbers: Iterable[int]) -> None:
        """The messages of these commands are gone."""
        for number in numbers:
            self._done.pop(number, None)
            self._arrived.pop(number, None)

    @property
    def droppable(self) -> bool:
        """Whether no entry of the log is needed to know that a command is done with."""
        return not self._done and not self._early


def logged(prefix: str, name: str, entry: bytes, size: int) -> list[Outgoing]:
    """The messages of an entry that is called so. `size` is what a server takes in one."""
    parts = cut(entry, size - ROOM_FOR_HEADERS)
    return [
        Outgoing(f"{prefix}.{LOG}.{name}.{at}.{len(parts)}", part)
        for at, part in enumerate(parts, 1)
    ]


def arriving(
    prefix: str, name: str, commands: Sequence[tuple[str, bytes]], now: int, by: str
) -> list[Outgoing]:
    """Commands as messages to the inbox, none of which was there before."""
    return [
        Outgoing(
            f"{prefix}.{INBOX}.{name}.{at}", command_written(kind, body, now, by), {EXPECTED: "0"}
        )
        for at, (kind, body) in enumerate(commands)
    ]
