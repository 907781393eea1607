"""The engine's session in a NATS store: one message, the lease, which every write replaces.

A write is a batch that ends with the lease, and expects the lease that the engine knows: where
another engine has replaced it, the server takes nothing. So a batch that is late is refused as
well, once anything has been written after it. Decision 0174.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from fql.errors import StoreError, StoreFull, StoreLocked
from fql.nats.batches import EXPECTED, LARGEST_BATCH, Outgoing
from fql.nats.errors import NatsError
from fql.store.changing import Changing
from fql.store.nats.following import LEASE, Following, logged
from fql.store.nats.forms import Held, read_held, written
from fql.store.nats.stream import Last, Stream
from fql.store.port import Lease
from fql.store.sessions import next_session, settlement
from fql.store.tables import Change

LEASE_SECONDS = 30.0
"""A new leader of a stream takes up to 12 seconds, and nobody is to be fenced for that."""
TRIES = 5
Ended = Literal["ok", "moved", "unknown"]


class Session:
    """What this process knows of the lease: None while it is not the engine. In `doubt`, a write
    may have counted or may still count, and the lease is read before the next one."""

    def __init__(self, stream: Stream, rows: Following, seconds: float) -> None:
        self._stream = stream
        self._rows = rows
        self._seconds = seconds
        self._sequence = 0
        self._entries = 0
        self.held: Held | None = None
        self.doubt = False

    def is_of(self, lease: Lease) -> bool:
        """Whether this process is the engine in that session, as far as it knows."""
        return self.held is not None and self.held.session == lease.session

    async def begin(self, holder: str, *, notes: bool) -> Lease:
        """Take the store over where it is free. Raises StoreLocked, naming the holder."""
        for _ in range(TRIES):
            found, now = await self._stored(), await self._now()
            before = None if found is None else read_held(found.body)
            if found is not None and before is not None and is_live(before, found, now):
                raise self._locked(before, found, now)
            self._entries = 0
            mine = Held(
                next_session(0 if before is None else before.session, now // 1000),
                f"{holder} on {socket.gethostname()}",
                uuid.uuid4().hex,
                self._seconds,
                clean=before is None or before.state == "drained",
                dropped=0 if before is None else before.dropped,
            )
            if await self._take_over(mine, 0 if found is None else found.sequence):
                await self._rows.follow(self._sequence)
                await self._note(wanted=notes)
                return Lease(mine.session, holder, self._seconds, now)
        raise StoreError(f"the store {self._stream.where} is being taken over by others")

    async def _take_over(self, mine: Held, sequence: int) -> bool:
        self.held, self._sequence, self.doubt = mine, sequence, False
        if await self._replace_lease(mine) == "ok":
            return True
        found = await self._stored()
        if found is not None and read_held(found.body).nonce == mine.nonce:
            self._sequence, self.doubt = found.sequence, False
            return True
        self.held = None
        return False

    async def _note(self, *, wanted: bool) -> None:
        changing = Changing(self._rows.tables)
        changing.note(wanted=wanted)
        if changes := changing.changes():
            await self.change(changes)

    async def _stored(self) -> Last | None:
        return await self._stream.last(LEASE)

    async def _now(self) -> int:
        found = await self._stream.look()
        if found is None:
            raise StoreError(f"the store {self._stream.where} was not found")
        return found.now

    def _locked(self, held: Held, found: Last, now: int) -> StoreLocked:
        left = max(0.0, held.seconds - (now - found.at) / 1000)
        return StoreLocked(
            f"the store {self._stream.where} is in use: its engine is process {held.holder}, whose"
            f" lease lasts for {left:.0f} seconds unless it is renewed",
            hint="stop that process, or work beside it with `fqlc emit`, `runs` and `dlq`",
        )

    async def is_free(self) -> bool:
        """Whether there is no live session any more. Raises StoreError."""
        found = await self._stored()
        return found is None or not is_live(read_held(found.body), found, await self._now())

    # Writing ---------------------------------------------------------------------------

    async def commit(self, lease: Lease, changes: list[Change]) -> Ended:
        """One entry of the log that counts as a commit; `moved` is fenced. Raises StoreFull."""
        if self.doubt:
            await self.look()
        for _ in range(2):
            held = self.held
            if held is None or held.session != lease.session:
                return "moved"
            ended = await self._replace_lease(replace(held, cycle=held.cycle + 1), changes)
            if ended != "moved":
                return ended
            await self.look()
        return "unknown"

    async def change(self, changes: list[Change]) -> None:
        """One entry that does not count as a commit. Raises StoreError."""
        for _ in range(TRIES):
            if self.doubt:
                await self.look()
            if self.held is None:
                raise StoreLocked(f"the store {self._stream.where} has another engine")
            ended = await self._replace_lease(self.held, changes)
            if ended == "ok":
                return
            self.doubt = True
            if ended == "unknown":
                raise StoreError(f"the store {self._stream.where} did not answer to a write")

    async def renew(self) -> bool:
        """Hold the lease for its time from now on; False where it is somebody else's."""
        try:
            await self.change([])
        except StoreLocked:
            return False
        return True

    async def release(self, *, clean: bool) -> None:
        """End the session, if it is live still. Raises StoreError."""
        try:
            if self.doubt:
                await self.look()
            if self.held is not None:
                await self._replace_lease(replace(self.held, state="drained" if clean else "left"))
        finally:
            self.held, self.doubt = None, False

    async def settle(self, lease: Lease, expected: int) -> bool | None:
        """Whether a doubtful commit counted; if not, it never will. Raises StoreRewound."""
        while True:
            found = await self._stored()
            held = None if found is None else read_held(found.body)
            if found is None or held is None or not self._is_ours(held, lease):
                self.held = None if self.is_of(lease) else self.held
                return None
            counted = settlement(held.cycle, expected, held.settled)
            await self._adopt(held, found.sequence)
            if held.cycle != expected:
                return counted
            ended = await self._replace_lease(
                replace(held, cycle=expected + 1, settled=expected + 1)
            )
            if ended == "ok":
                return False
            if ended == "unknown":
                raise StoreError(f"the store {self._stream.where} did not answer to a write")

    def _is_ours(self, held: Held, lease: Lease) -> bool:
        return held.session == lease.session and held.state == "live"

    async def look(self) -> None:
        """Read the lease again: it is still ours, or this process is the engine no more."""
        mine, found = self.held, await self._stored()
        held = None if found is None else read_held(found.body)
        if mine is None or found is None or held is None or held.nonce != mine.nonce:
            self.held, self.doubt = None, False
        elif held.state == "live":
            await self._adopt(held, found.sequence)
        else:
            self.held, self.doubt = None, False

    async def _adopt(self, held: Held, sequence: int) -> None:
        """Know what is stored, in the lease and in the log."""
        await self._rows.follow(sequence)
        self.held, self._sequence, self.doubt = held, sequence, False

    async def _replace_lease(self, held: Held, changes: Sequence[Change] = ()) -> Ended:
        """The lease, after an entry of the log. Raises StoreFull."""
        async with self._rows.lock:
            held = replace(held, dropped=max(held.dropped, self._droppable()))
            last = await self._sent(held, [*changes, *self._rewritten(changes)])
        if isinstance(last, str):
            self.doubt = True
            return last
        if self._rows.next > self._sequence:  # all before was read, and nobody else has written
            self._rows.next = last + 1
        shorter = self.held is not None and held.dropped > self.held.dropped
        self.held, self._sequence = held, last
        if shorter:
            await self._drop(held.dropped)
        return "ok"

    async def _sent(self, held: Held, entry: list[Change]) -> int | Literal["moved", "unknown"]:
        """The number of the lease's message, when all is stored and known here."""
        body = written(entry) if entry else b""
        messages = self._logged(held, body)
        done = self._rows.done_with(entry, LARGEST_BATCH - 1 - len(messages))
        expected = {EXPECTED: str(self._sequence)}
        lease = Outgoing(f"{self._stream.prefix}.{LEASE}", held.written(), expected)
        sent = [*messages, *done.values(), lease]
        try:
            last = await self._stream.write(sent)
        except NatsError:
            return "unknown"
        if last is None:
            return "moved"
        if entry:
            self._rows.apply(last - len(sent) + 1, entry, len(body))
        self._rows.replaced(done)
        return last

    def _logged(self, held: Held, body: bytes) -> list[Outgoing]:
        if not body:
            return []
        self._entries += 1
        name, largest = f"{held.session}.{self._entries}", self._stream.connection.largest
        messages = logged(self._stream.prefix, name, body, largest)
        if len(messages) >= LARGEST_BATCH:
            raise StoreFull(
                f"a commit of {len(body):,} bytes is more than {self._stream.where} takes",
                hint="raise `max_payload` of the server",
            )
        return messages

    def _rewritten(self, changes: Sequence[Change]) -> list[Change]:
        """The rows of the oldest entries, where the log has become too long."""
        changed = {(change.table, change.key) for change in changes}
        tables, oldest = self._rows.tables, self._rows.log.oldest() if changes else []
        return [
            Change(table, key, getattr(tables, table)[key])
            for table, key in oldest
            if (table, key) not in changed
        ]

    def _droppable(self) -> int:
        rows = self._rows
        return rows.log.needed_from() if rows.droppable else 0

    async def _drop(self, below: int) -> None:
        """The lease has said that the beginning of the log is not needed: now it may go."""
        self._rows.dropped = below
        self._rows.log.drop(below)
        with suppress(StoreError):  # the next time drops this as well
            await self._stream.drop("log.>", below)


def is_live(held: Held, found: Last, now: int) -> bool:
    """Whether a lease holds at `now`, in milliseconds by the servers' clock."""
    return held.state == "live" and now - found.at < held.seconds * 1000
