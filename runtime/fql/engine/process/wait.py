"""Waiting until the runs of an event have ended, whichever process is the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from fql.engine.loop.engine import Engine
from fql.engine.process.receipts import Receipt
from fql.errors import EventRefused, UsageError
from fql.store.choosing import RunFilter
from fql.store.port import Store
from fql.store.works import event_name, parse_name, run_name

LOOK = 0.05
"""Seconds between looks at a store whose engine is another process."""
TURN = 1.0
"""Seconds between looks whether the engine here still works."""
ALL_RUNS = 20_000
"""More runs than one event can have."""


def seconds(timeout: float | None) -> float | None:
    """A time to wait at most. Raises UsageError for what is none."""
    if timeout is None:
        return None
    if not isinstance(timeout, int | float) or isinstance(timeout, bool) or not timeout >= 0:
        raise UsageError(f"timeout is a number of seconds, 0 or more, not {timeout!r}")
    return timeout


class Waiter:
    """Waits at a store. `engine` gives the engine while this process is it, `check` raises where
    nothing is to be waited for any more."""

    def __init__(
        self, store: Store, engine: Callable[[], Engine | None], check: Callable[[], None]
    ) -> None:
        self._store = store
        self._engine = engine
        self._check = check

    async def ended(self, receipt: Receipt, timeout: float | None) -> Receipt:  # noqa: ASYNC109
        """The receipt with the states of its runs, once they have ended or `timeout` seconds are
        over. Raises StoreError, UsageError, and EventRefused for an event that the engine, in
        another process, did not take."""
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        while True:
            self._check()
            receipt = await self._looked_up(receipt)
            left = TURN if end is None else end - loop.time()
            if receipt.ended or left <= 0:
                return receipt
            await self._pause(receipt, min(left, TURN))

    async def _looked_up(self, receipt: Receipt) -> Receipt:
        """As it is now."""
        if receipt.handed is not None:
            receipt = await self._taken(receipt)
        if receipt.handed is not None:
            return receipt
        states = await self._states(receipt)
        return replace(receipt, ended="open" not in states.values(), states=states)

    async def _taken(self, receipt: Receipt) -> Receipt:
        """The receipt of the engine, if it has taken the event."""
        assert receipt.handed is not None  # noqa: S101 - the caller has looked
        entry, known_by = receipt.handed
        waits = bool(await self._store.pending([entry]))
        found = (await self._store.known([known_by])).get(known_by)
        if found is None and waits:
            return receipt
        if found is None:
            raise EventRefused(
                f"the engine of the store did not take the event {receipt.event_id or receipt.id}:"
                " it does not fit the plan",
                hint="see `fqlc dlq list --class capture`",
            )
        runs = await self._store.runs(RunFilter(event=found.event, limit=ALL_RUNS))
        event_id = runs[0].event.event_id if runs else receipt.event_id
        names = tuple(sorted(run_name(one.run.id) for one in runs))
        return replace(
            receipt, id=event_name(found.event), event_id=event_id, runs=names, handed=None
        )

    async def _states(self, receipt: Receipt) -> dict[str, str]:
        ids = tuple(parse_name(run) or 0 for run in receipt.runs)
        if not ids:
            return {}
        stored = await self._store.runs(RunFilter(ids=ids, limit=len(ids)))
        found = {run_name(one.run.id): one.run.state for one in stored}
        return {run: found.get(run, "done") for run in receipt.runs}

    async def _pause(self, receipt: Receipt, seconds: float) -> None:
        """Until something may have changed, at most that many seconds."""
        engine = self._engine()
        if engine is None or receipt.handed is not None:
            await asyncio.sleep(min(LOOK, seconds))
            return
        await _watch(self._store, engine, [r for r, s in receipt.states.items() if s == "open"],
                     seconds)  # fmt: skip


async def _watch(store: Store, engine: Engine, runs: Sequence[str], seconds: float) -> None:
    futures = {run: engine.watch(parse_name(run) or 0) for run in runs}
    wanted = RunFilter(ids=tuple(parse_name(run) or 0 for run in runs), limit=len(runs))
    for loaded in await store.runs(wanted):
        future = futures.get(run_name(loaded.run.id))
        if loaded.run.ended is not None and future is not None and not future.done():
            future.set_result(loaded.run.state)
    _, left = await asyncio.wait(futures.values(), timeout=seconds)
    for future in left:
        future.cancel()
