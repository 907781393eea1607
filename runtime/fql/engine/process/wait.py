"""Waiting until the runs of an event have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from fql.engine.loop.engine import Engine
from fql.engine.process.receipts import Receipt
from fql.store.port import Store
from fql.store.records import RunFilter
from fql.store.works import parse_name, run_name


async def wait_for_runs(
    store: Store,
    engine: Engine | None,
    receipt: Receipt,
    timeout: float | None,  # noqa: ASYNC109
) -> Receipt:
    """The receipt with the states of its runs, once they have ended or `timeout` seconds are over.
    Where this process is not the engine, as they are now. Raises StoreError."""
    states = await _states(store, receipt)
    open_runs = [run for run, state in states.items() if state == "open"]
    if open_runs and engine is not None:
        await _watch(store, engine, open_runs, timeout)
        states = await _states(store, receipt)
    return replace(receipt, ended="open" not in states.values(), states=states)


async def _watch(
    store: Store,
    engine: Engine,
    runs: Sequence[str],
    timeout: float | None,  # noqa: ASYNC109
) -> None:
    futures = {run: engine.watch(parse_name(run) or 0) for run in runs}
    wanted = RunFilter(ids=tuple(parse_name(run) or 0 for run in runs), limit=len(runs))
    for loaded in await store.runs(wanted):
        future = futures.get(run_name(loaded.run.id))
        if loaded.run.ended is not None and future is not None and not future.done():
            future.set_result(loaded.run.state)
    _, left = await asyncio.wait(futures.values(), timeout=timeout)
    for future in left:
        future.cancel()


async def _states(store: Store, receipt: Receipt) -> dict[str, str]:
    ids = tuple(parse_name(run) or 0 for run in receipt.runs)
    if not ids:
        return {}
    stored = await store.runs(RunFilter(ids=ids, limit=len(ids)))
    found = {run_name(one.run.id): one.run.state for one in stored}
    return {run: found.get(run, "done") for run in receipt.runs}
