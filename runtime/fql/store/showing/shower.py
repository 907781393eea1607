"""Runs, dead letters and stories, read from a store with all that they refer to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

from fql.store.choosing import EventFilter, LetterFilter
from fql.store.plans import node_names
from fql.store.port import Store
from fql.store.records import LetterRow, Loaded
from fql.store.shown import (
    Attempt,
    DeadLetter,
    RunShown,
    Trace,
    attempt_shown,
    event_shown,
    letters_shown,
    run_shown,
)
from fql.store.works import decode_works, run_name

PAGE = 500
"""Dead letters that are read and put together in one go."""


class Shower:
    """Reads what rows refer to and puts it together."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def _node_names(self) -> dict[tuple[str, str], list[str]]:
        plans, _ = await self._store.plans()
        names: dict[tuple[str, str], list[str]] = {}
        for plan in plans:
            for observer, nodes in node_names(plan).items():
                names[plan.short, observer] = nodes
        return names

    async def runs(self, loaded: Sequence[Loaded]) -> list[RunShown]:
        """Stored runs with the names of their nodes."""
        names = await self._node_names()
        sent = await self._sent_in_batches(loaded)
        return [
            run_shown(one, names.get((one.run.plan, one.run.observer), []), sent) for one in loaded
        ]

    async def _sent_in_batches(self, loaded: Sequence[Loaded]) -> dict[int, int]:
        """How often each batch that these runs are or were part of has been sent."""
        batches = sorted({batch for one in loaded for batch in _batches(one.run.works)})
        sent: dict[int, int] = {}
        for row in await self._store.attempts(batches) if batches else ():
            sent[row.owner] = max(sent.get(row.owner, 0), row.number)
        return sent

    async def pages(self, wanted: LetterFilter) -> AsyncIterator[list[DeadLetter]]:
        """Dead letters, newest first, a page at a time: each costs what it holds, and between two
        of them everybody else has a turn."""
        async for rows in self.row_pages(wanted):
            yield await self.letters(rows)

    async def row_pages(self, wanted: LetterFilter) -> AsyncIterator[list[LetterRow]]:
        """The same as they are stored."""
        left = wanted.limit
        for part in _by_ids(wanted):
            rows: list[LetterRow] = []
            while left is None or left > 0:
                size = PAGE if left is None else min(PAGE, left)
                below = (rows[-1].failed_at, rows[-1].id) if rows else part.below
                rows = await self._store.letters(replace(part, limit=size, below=below))
                if rows:
                    yield rows
                left = None if left is None else left - len(rows)
                if len(rows) < size:
                    break

    async def letters(self, rows: Sequence[LetterRow]) -> list[DeadLetter]:
        """Stored dead letters with every attempt, put together beside the event loop."""
        owners = {owner for row in rows for owner in (row.run, row.batch) if owner is not None}
        attempts = await self._store.attempts(sorted(owners))
        return await asyncio.to_thread(letters_shown, rows, attempts)

    async def trace(self, name: str, loaded: Sequence[Loaded]) -> Trace:
        """The story of these runs, or of an event that no observer wanted."""
        runs = await self.runs(loaded)
        attempts: dict[str, tuple[Attempt, ...]] = {}
        letters: list[LetterRow] = []
        for one in loaded:
            owners = [one.run.id, *_batches(one.run.works)]
            rows = await self._store.attempts(owners)
            attempts[run_name(one.run.id)] = tuple(attempt_shown(row) for row in rows)
            letters += await self._store.letters(LetterFilter(run=one.run.id))
        events = [one.event for one in loaded] or await self._store.events(
            EventFilter(event_id=name, limit=1)
        )
        shown = event_shown(events[0]) if events else None
        letters += await self._without_run(events[0].event_id if events else name)
        return Trace(name, shown, tuple(runs), attempts, tuple(await self.letters(letters)))

    async def _without_run(self, event_id: str) -> list[LetterRow]:
        """Dead letters of a change that did not fit, or could not be taken in."""
        found = await self._store.letters(LetterFilter(event_id=event_id))
        return [row for row in found if row.run is None]


def _batches(works: str) -> list[int]:
    return sorted({node.batch for node in decode_works(works)} - {0})


def parted(ids: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Ids in parts of a page each."""
    for first in range(0, len(ids), PAGE):
        yield ids[first : first + PAGE]


def _by_ids(wanted: LetterFilter) -> Iterator[LetterFilter]:
    """Ids in parts, as they are looked up one by one."""
    if not wanted.ids:
        yield wanted
    for part in parted(wanted.ids):
        yield replace(wanted, ids=part)
