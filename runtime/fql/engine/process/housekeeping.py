"""Retention: removing what is no longer needed, in small slices, while nothing waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from fql.engine.core.held.inputs import Order
from fql.engine.loop.clock import Clock
from fql.engine.loop.herald import tell_all
from fql.errors import StoreError
from fql.exact.writing import write_json
from fql.observe.events import DeadLetterEvicted, Listener
from fql.observe.logs import logger
from fql.plan.language.units import show_size
from fql.settings.model import Settings
from fql.store.port import Store
from fql.store.records import LetterRow, Retention
from fql.store.sharing.homes import FIRST

BREATH = 0.05
"""The longest pause between two slices of one look, in seconds. It is four times as long as the
slice took, so that pruning takes a fifth of a store's time at most."""
EVERY = 5.0
AT_LEAST_EVERY = 60.0
"""Seconds between looks. Each look without anything to remove doubles them."""

MEGABYTE = 1_000_000
LARGE_JOURNAL = 32 * MEGABYTE
"""Twice of what an engine alone lets it grow to."""


def retention_of(settings: Settings) -> Callable[[int], Retention]:
    """What may go, by the time. Dead letters take half of a store at most, or finished runs would
    make room for them as soon as they have ended."""
    kept, letters = settings.store, settings.webhooks.dlq

    def at(now: int) -> Retention:
        return Retention(
            runs_before=now - kept.keep_runs,
            keys_before=now - kept.remember,
            letters_before=now - letters.retention,
            keys_max=kept.remember_max,
            store_max=kept.max_size,
            letters_max=min(letters.max_size, kept.max_size // 2),
            now=now,
            unmatched_max=kept.keep_unmatched,
        )

    return at


class Housekeeper:
    """Prunes a store for as long as it runs."""

    def __init__(
        self,
        store: Store,
        retention: Callable[[int], Retention],
        clock: Clock,
        listeners: Sequence[Listener] = (),
        give_up: Callable[[Order], None] = lambda _order: None,
        *,
        owns: Callable[[int], bool] = lambda _shard: True,
    ) -> None:
        self._store = store
        self._retention = retention
        self._clock = clock
        self._listeners = tuple(listeners)
        self._give_up = give_up
        self._owns = owns
        self._told_at = self._full_told = self._early = 0

    async def run(self) -> None:
        """For ever, in the engine that has the first shard."""
        pause = EVERY
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, AT_LEAST_EVERY)
            if not self._owns(FIRST):
                pause = EVERY
                continue
            with suppress(StoreError):
                await self._look_at_journal()
                if await self.prune():
                    pause = EVERY

    async def prune(self) -> int:
        """Slice after slice, for as long as one was full. Gives how much was removed."""
        removed, more = 0, True
        while more:
            began = time.perf_counter()
            gone, more = await self._slice()
            removed += gone
            if more:
                await asyncio.sleep(min(BREATH, 4 * (time.perf_counter() - began)))
        await self._look_at_size()
        return removed

    async def _look_at_size(self) -> None:
        """What was done to keep a store below its size, and whether it is."""
        most = self._retention(self._clock.now()).store_max
        early, self._early = self._early, 0
        if early:
            logger.warning(
                "the store has reached max_size = %s: %d finished runs were removed before"
                " keep_runs was over", show_size(most), early,
            )  # fmt: skip
        used = (await self._store.size()).bytes
        if used <= most:
            self._full_told = 0
        elif used >= 2 * self._full_told:
            self._full_told = used
            logger.warning(
                "the store takes %s, more than max_size = %s: what is left is open work, dead"
                " letters and keys, which are kept", show_size(used // MEGABYTE * MEGABYTE),
                show_size(most),
            )  # fmt: skip

    async def _look_at_journal(self) -> None:
        """It cannot be emptied past what the oldest reader sees. Told when it has doubled."""
        journal = (await self._store.size()).journal
        if journal < LARGE_JOURNAL:
            self._told_at = 0
        elif journal >= 2 * self._told_at:
            self._told_at = journal
            logger.warning(
                "the journal of the store has grown to %s, because a reader keeps a transaction "
                "open:"
                " look for a shell, script or backup with an open transaction",
                show_size(journal // MEGABYTE * MEGABYTE),
            )

    async def _slice(self) -> tuple[int, bool]:
        """How much one slice removed, and whether there is more. A dead letter that goes is
        counted and logged, and what waits after it is given up (`give_up` hands the order to the
        engine)."""
        gone = await self._store.prune(self._retention(self._clock.now()))
        self._early += gone.early
        for letter in gone.evicted:
            tell_all(self._listeners, DeadLetterEvicted(letter.id, letter.observer, letter.action))
            await self._tell_owner(letter)
        return gone.runs + gone.keys + gone.letters, gone.more

    async def _tell_owner(self, letter: LetterRow) -> None:
        """Whoever has the run gives up what waits after it."""
        if letter.run is None:
            return
        if self._owns(letter.shard):
            self._give_up(Order("evict", run=letter.run, node=letter.node, letter=letter.id))
            return
        body = write_json({"run": letter.run, "node": letter.node, "letter": letter.id})
        await self._store.append([("evict", body)], self._clock.now())
