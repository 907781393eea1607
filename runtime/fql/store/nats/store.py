"""The store in one stream of NATS JetStream.

One process is its engine and has all rows in memory; each of its commits is an entry of a log in
the stream, sent as one batch with the lease. Others read the log as well, follow it from question
to question, and append to the inbox. Decision 0174.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from fql.errors import StoreError, StoreFull, StoreGone, StoreLocked
from fql.nats.batches import LARGEST_BATCH, Outgoing
from fql.nats.connection import NatsConnection
from fql.nats.errors import NatsError, TooLarge
from fql.nats.link import Link
from fql.store.changing import Changing, changes_of
from fql.store.nats.answers import Answers
from fql.store.nats.following import INBOX, arriving
from fql.store.nats.session import LEASE_SECONDS, Session
from fql.store.nats.stream import ANSWER_S, Stream
from fql.store.port import Lease, Pruned, StoreIdentity, StoreSize, Verdict
from fql.store.records import Command, Mutations, Page, Paged, Remembered, Retention, Snapshot

MAX_OPEN = 200_000
FOR_EVER = 1 << 62
"""Later than any time in milliseconds."""
WATCH_EVERY = 0.25
"""Seconds between looks of a standby at the lease."""
CLOSE_S = 2.0
APPEND_S = 16.0
ASKED_AGAIN = 0.2
HEARD_AGAIN = (0.0, 0.02, 0.3)
"""A command is heard before the stream has it: seconds after which to look."""


class NatsStore(Answers):
    """Implements `fql.store.port.Store` in the stream of a project. `urls` are addresses of the
    servers, `credentials` as for NatsConnection; with `max_open` runs open, it is full.
    `lease_seconds` is how long a lease lasts."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        project: str = "main",
        credentials: str = "",
        max_open: int = MAX_OPEN,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._connection = NatsConnection(urls, credentials)
        self.stream = Stream(self._connection, project)
        super().__init__(self.stream)
        self._session = Session(self.stream, self.rows, lease_seconds)
        self._max_open = max_open
        self._notes = False
        self._writing = asyncio.Lock()
        self._heard = asyncio.Event()
        self._listens: tuple[Link, Callable[[], Awaitable[None]]] | None = None
        self._identity = ""

    def leads(self) -> bool:
        """Whether this process is the engine, and so has all rows as they are stored."""
        return self._session.held is not None and not self._session.doubt

    async def open(self) -> None:
        """Connect, and make the stream where there is none."""
        try:
            self._identity = (await self.stream.open()).identity
            await self._listen()
        except BaseException:
            await self._connection.close()
            raise

    async def exists(self) -> bool:
        """Whether there is such a store; it only looks, and ends the connection. Raises
        StoreError."""
        try:
            return await self.stream.look() is not None
        finally:
            await self._connection.close()

    async def close(self) -> None:
        """End the connection; a lease ends with it."""
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(CLOSE_S), self._writing:
                await self._session.release(clean=False)
        await self._connection.close()

    async def _listen(self) -> None:
        """Hear of commands that others append."""
        try:
            link = await self._connection.link(ANSWER_S)
            if self._listens is None or self._listens[0] is not link:
                subject = f"{self.stream.prefix}.{INBOX}.>"
                self._listens = link, await link.listen(subject, lambda _: self._hear())
        except NatsError as problem:
            raise self.stream.problem(problem) from None

    def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        for seconds in HEARD_AGAIN:
            loop.call_later(seconds, self._heard.set)

    async def identity(self) -> StoreIdentity:
        """Who this store is: an id that was made with its stream."""
        return StoreIdentity(self._identity, self.stream.where)

    # The session -----------------------------------------------------------------------

    async def acquire(self, holder: str) -> Lease:
        """Become the engine. Raises StoreLocked, naming the holder."""
        async with self._writing:
            return await self._session.begin(holder, notes=self._notes)

    async def until_free(self, seconds: float) -> None:
        """Wait until the lease of the engine has ended, or the time is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            await asyncio.sleep(min(left, WATCH_EVERY))
            try:
                if await self._session.is_free():
                    return
            except StoreGone:
                raise
            except StoreError:  # whoever tries to acquire it tells of it
                await asyncio.sleep(max(0.0, end - loop.time()))

    async def renew(self, lease: Lease) -> bool:
        """Hold the lease for its time from now on; False when it is fenced."""
        async with self._writing:
            return self._session.is_of(lease) and await self._session.renew()

    async def release(self, lease: Lease, *, clean: bool) -> None:
        """Stop being the engine."""
        async with self._writing:
            if self._session.is_of(lease):
                await self._session.release(clean=clean)

    async def load(self, lease: Lease) -> Snapshot:
        """What the engine needs at its start. Raises StoreLocked where it is not the engine."""
        async with self._writing:
            if self._session.doubt:
                await self._session.look()
            held = self._session.held
            if held is None or held.session != lease.session:
                raise StoreLocked(f"the store {self.stream.where} has another engine")
            return self.rows.tables.snapshot(clean=held.clean)

    async def page(self, page: Page) -> Paged:
        """Read stored runs back."""
        return self.rows.tables.read(page)

    async def known(self, keys: Sequence[bytes]) -> dict[bytes, Remembered]:
        """Those of these keys that were accepted before."""
        return self.rows.tables.known(keys)

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        """Change everything in one batch that ends with the lease. Raises StoreFull also where
        more runs would be open than fit into memory."""
        async with self._writing:
            if not self._session.is_of(lease):
                return "fenced"
            if self._session.doubt:
                await self._session.look()
            self._check_room(len(mutations.runs))
            changes = changes_of(self.rows.tables, mutations)
            ended = await self._session.commit(lease, changes)
        if ended == "ok":
            return "ok"
        return "fenced" if ended == "moved" else "ambiguous"

    def _check_room(self, new: int) -> None:
        still_open = len(self.rows.tables.open)
        if new and still_open + new > self._max_open:
            raise StoreFull(
                f"{still_open:,} runs are open, and `[store] max_open` is {self._max_open:,}",
                hint="intake goes on as runs end; on NATS all open runs are in memory",
            )

    async def settle(self, lease: Lease, expected: int) -> bool | None:
        """Whether a doubtful commit counted; if not, it never will."""
        async with self._writing:
            return await self._session.settle(lease, expected)

    # The inbox -------------------------------------------------------------------------

    async def fetch(self, limit: int, but: frozenset[int]) -> list[Command]:
        """Commands in the inbox, oldest first, without those that the engine has in hand."""
        self._heard.clear()
        await self.fresh()
        return self.rows.tables.commands(limit, but)

    async def wait(self, seconds: float) -> bool:
        """Wait until somebody has appended to the inbox, or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        except TimeoutError:
            return False
        self._heard.clear()
        return True

    async def append(
        self, commands: Sequence[tuple[str, bytes]], now: int, by: str = ""
    ) -> list[int]:
        """Put (kind, body) into the inbox, once: where the reply is lost, the same is sent again
        for a while, and the stream takes it where it has not yet."""
        numbers: list[int] = []
        most = LARGEST_BATCH - 1
        for first in range(0, len(commands), most):
            some = commands[first : first + most]
            messages = arriving(self.stream.prefix, uuid.uuid4().hex, some, now, by)
            numbers += await self._appended(messages)
        self.least = max([self.least, *numbers])
        return numbers

    async def _appended(self, messages: list[Outgoing]) -> list[int]:
        loop = asyncio.get_running_loop()
        end = loop.time() + APPEND_S
        while True:
            try:
                last = await self.stream.write(messages)
            except TooLarge as problem:
                raise StoreError(problem.message, hint=problem.hint) from None
            except NatsError as problem:
                if loop.time() > end:
                    raise StoreError(
                        f"whether the store {self.stream.where} has it is not known:"
                        f" {problem.message}",
                        hint="repeat it with the same `key`: if it is stored, that is acknowledged",
                    ) from None
                await asyncio.sleep(ASKED_AGAIN)
                continue
            if last is None:
                return await self._there(messages)
            return list(range(last - len(messages) + 1, last + 1))

    async def _there(self, messages: list[Outgoing]) -> list[int]:
        """The numbers of messages that the stream had at the first try; 0 for one that has been
        taken since."""
        numbers = []
        for message in messages:
            found = await self.stream.last(message.subject.removeprefix(f"{self.stream.prefix}."))
            numbers.append(found.sequence if found is not None and found.body else 0)
        return numbers

    async def pending(self, ids: Sequence[int]) -> set[int]:
        """Those of these commands that no engine has taken yet."""
        await self.fresh()
        return {number for number in ids if number in self.rows.tables.inbox}

    # Copies and pruning -----------------------------------------------------------------

    def note_copies(self) -> None:
        """From the next `acquire` on, note what is to be copied elsewhere."""
        self._notes = True

    async def copied(self, last: int) -> None:
        """Forget the notes up to this number."""
        async with self._writing:
            changing = Changing(self.rows.tables)
            changing.forget_copies(last)
            await self._change(changing)

    async def prune(self, retention: Retention) -> Pruned:
        """Remove one bounded slice of what is no longer needed."""
        async with self._writing:
            if self.rows.log.used > retention.store_max:
                retention = replace(retention, runs_before=FOR_EVER)
            changing = Changing(self.rows.tables)
            pruned = changing.prune(retention)
            await self._change(changing)
        return pruned

    async def _change(self, changing: Changing) -> None:
        if changes := changing.changes():
            await self._session.change(changes)

    async def size(self) -> StoreSize:
        """How big it is: `bytes` are those of the stream."""
        await self.fresh()
        found = await self.stream.look()
        return self.rows.tables.size(0 if found is None else found.bytes)
