"""Events that the application hands in: to the engine in this process, or to that of another."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping

from fql.client import Client
from fql.emitting import listed
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.calls import Calls
from fql.engine.process.leading import Leading
from fql.engine.process.receipts import Receipt, Taken
from fql.engine.process.wait import Waiter, seconds
from fql.errors import FqlError
from fql.observe.watch import Watch
from fql.settings.model import Dispatch
from fql.store.port import Store


class Handing:
    """What `Runtime.emit` and its like do. `here` gives what works in this process, and raises
    UsageError when nothing does. Events go to the engine, or are left for that of another process
    where there is none."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        client: Client,
        *,
        here: Callable[[], Leading],
        observed: Watch,
        dispatch: Dispatch,
    ) -> None:
        self._client = client
        self._observed = observed
        self._dispatch = dispatch
        self._calls = Calls(store, clock, uuid.uuid4().hex)
        self._waiter = Waiter(store, lambda: here().engine, lambda: here().raise_trouble())

    async def one(self, engine: Engine | None, envelope: Mapping[str, object]) -> Receipt:
        """See `Runtime.emit_envelope`."""
        if engine is None:
            receipt = await self._client.emit(self._observed.in_trace(envelope))
        else:
            receipt = await self._calls.take(engine, envelope)
        return receipt if self._dispatch.is_async else await self._dispatched(receipt)

    async def many(
        self, engine: Engine | None, envelopes: Iterable[Mapping[str, object]]
    ) -> list[Taken]:
        """See `Runtime.emit_many`."""
        given = listed(envelopes)
        taken: list[Taken] = []
        if engine is None:
            taken += await self._client.emit_many(map(self._observed.in_trace, given))
        else:
            taken += await self._calls.take_many(engine, given)
        if self._dispatch.is_async:
            return taken
        return list(await asyncio.gather(*map(self._ended, taken)))

    async def _ended(self, taken: Taken) -> Taken:
        return taken if isinstance(taken, FqlError) else await self._dispatched(taken)

    async def _dispatched(self, receipt: Receipt) -> Receipt:
        """As `[webhooks.dispatch]` says, when its runs have ended."""
        return await self.wait(receipt, self._dispatch.timeout / 1000)

    async def wait(self, receipt: Receipt, timeout: float | None) -> Receipt:  # noqa: ASYNC109
        """See `Runtime.wait`."""
        return await self._waiter.ended(receipt, seconds(timeout))
