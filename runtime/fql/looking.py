"""What is asked of a store as it is: numbers, plans, runs with their events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from fql.letters import Choice, chosen, number_of
from fql.store.choosing import LetterGroup, RunFilter, UnmatchedFilter
from fql.store.history.rows import UnmatchedRow
from fql.store.port import Counts, Store, StoreSize
from fql.store.records import Loaded, StoredPlan
from fql.store.sharing.holding import Holding
from fql.store.sharing.port import SharedStore
from fql.store.works import parse_name


class Looking:
    """The part of `fql.client.Client` that only reads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def stored_runs(self, ids: Sequence[str]) -> list[Loaded]:
        """The runs of these `ids` with their events, as the store has them. Raises UsageError."""
        numbers = tuple(number_of(name, "run") for name in ids)
        found = RunFilter(ids=numbers, limit=len(numbers))
        return await self._store.runs(found) if numbers else []

    async def unmatched_row(self, name: str) -> UnmatchedRow | None:
        """The event without a run of this `name`, as the store has it."""
        number = parse_name(name)
        if number is None:
            return None
        found = await self._store.unmatched(UnmatchedFilter(id=number, limit=1))
        return found[0] if found else None

    async def stored_plans(self) -> list[StoredPlan]:
        """All plans that are in use, the oldest first."""
        return (await self._store.plans())[0]

    async def active(self) -> str | None:
        """The short digest of the active plan, or None before the first engine."""
        return await self._store.active()

    async def counts(self) -> Counts:
        """The numbers of events, of runs that are not done, of dead letters and inbox entries, and
        the paused names. No number goes above 10,001, which means "more than 10,000"."""
        return await self._store.counts()

    async def mark(self) -> str:
        """A text that is another one after anything has changed in the store; cheap enough to be
        asked every second. Raises StoreError."""
        return await self._store.mark()

    async def size(self) -> StoreSize:
        """Open dead letters by observer, inbox entries and bytes in use, cheaply."""
        return await self._store.size()

    async def dead_letter_number(self, **choice: Unpack[Choice]) -> int:
        """How many dead letters `fql.letters.Choice` describes; 10,001 means "more than 10,000".
        Raises UsageError for an invalid choice."""
        return await self._store.letter_number(chosen((), choice))

    async def dead_letter_counts(self) -> dict[str, int]:
        """Dead letters by observer."""
        return dict((await self._store.size()).letters)

    async def holdings(self) -> list[Holding]:
        """The engines that are live on a store which several may use, and what each has of it;
        none where one engine has the store. Raises StoreError."""
        store = self._store
        return list(await store.holdings()) if isinstance(store, SharedStore) else []

    async def dead_letter_groups(self) -> list[LetterGroup]:
        """How many dead letters there are by observer, action and class."""
        return await self._store.letter_groups()
