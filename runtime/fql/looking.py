"""What is asked of a store as it is: numbers, plans, runs with their events, engines that are
watched; and orders to engines, which are entries in its inbox.

What plans are made of is imported where a plan is read: whoever only looks waits for none of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

from fql.engine.loop.clock import Clock, SystemClock
from fql.engine.process.arrivals.putoff import due_of
from fql.errors import UsageError
from fql.exact.reading import read_json
from fql.exact.writing import NotWritable, write_given
from fql.letters import Choice, chosen, most, number_of
from fql.store.choosing import LetterFilter, LetterGroup, RunFilter, UnmatchedFilter
from fql.store.history.rows import UnmatchedRow
from fql.store.plans import plan_of, require_chosen, require_pausable
from fql.store.port import Counts, Store, StoreSize
from fql.store.records import Loaded, StoredPlan
from fql.store.sharing.holding import Holding
from fql.store.sharing.port import SharedStore
from fql.store.showing.history import (
    Bulk,
    Minute,
    Pulse,
    bulk_number,
    bulk_of,
    minutes_of,
    pulse_of,
)
from fql.store.works import parse_name

if TYPE_CHECKING:
    from fql.plan.model import Plan

MOST_COMMANDS = 1_000
"""How many commands that no engine has taken are looked at."""


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

    async def active_digest(self) -> str | None:
        """The whole digest of the active plan, or None before the first engine."""
        plans, active = await self._store.plans()
        return next((one.digest for one in plans if one.short == active), None)

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

    async def minutes(
        self, since: int, kinds: Sequence[str] = (), names: Sequence[str] = ()
    ) -> list[Minute]:
        """What was counted in spans that end after `since` (milliseconds since 1970), oldest first:
        of all, or of these `kinds` and `names`. The last hour is kept by the minute, 25 hours by
        ten minutes."""
        return minutes_of(await self._store.minutes(since, kinds, names))

    async def pulses(self) -> list[Pulse]:
        """The engines, as they were when they were last watched (`watch`)."""
        now = int(time.time() * 1000)
        return [pulse_of(row, now) for row in await self._store.pulse()]

    async def bulks(self, ids: Sequence[str] = (), limit: int = 100) -> list[Bulk]:
        """Bulk replays, newest first, at most `limit`: those of these `ids`, or all. Raises
        UsageError for an invalid id."""
        numbers = [bulk_number(name) for name in ids]
        return [bulk_of(row) for row in await self._store.bulks(numbers, most(limit))]


class Ordering(Looking):
    """The part of `fql.client.Client` that asks engines for something, and what all of that
    needs."""

    def __init__(self, store: Store, clock: Clock | None = None, *, by: str = "") -> None:
        super().__init__(store)
        self._by = by
        self._clock = clock or SystemClock()
        self._watching: list[int] = []

    async def watch(self) -> bool:
        """Let the engines say each second, for about ten seconds, what they do: `pulses` has it.
        Asked again while no engine has taken what this client asked before, it does nothing; the
        result is False then."""
        if self._watching and await self._store.pending(self._watching):
            return False
        self._watching = await self._append([("watch", {})])
        return True

    async def pause(self, name: str) -> None:
        """Stop sending to the endpoint, or for the observer, called `name`, until `resume`. An
        endpoint without a name is paused by its origin, such as `https://api.example.com:443`.
        Raises UsageError for a name that no plan of the store has."""
        require_pausable(await self._plans(), name)
        await self._append([("pause", {"name": name})])

    async def resume(self, name: str) -> None:
        """Undo `pause` of this `name`. Raises UsageError for a name that is not paused."""
        paused = set((await self._store.counts()).paused)
        for command in await self._store.fetch(MOST_COMMANDS, frozenset()):
            body = read_json(command.body)
            if command.kind == "pause" and isinstance(body, dict):
                paused.add(str(body.get("name")))
        if name not in paused:
            hint = f"paused are {', '.join(sorted(paused))}" if paused else "nothing is paused"
            raise UsageError(f"`{name}` is not paused", hint=hint)
        await self._append([("resume", {"name": name})])

    async def probe(self, name: str) -> None:
        """Let the endpoint called `name`, as for `pause`, be tried now although its circuit is
        open. Raises UsageError for a name that no plan of the store has."""
        require_pausable(await self._plans(), name)
        await self._append_for_all("probe", {"name": name})

    async def seal(self, observer: str, action: str) -> None:
        """Let what is collected for the batch of an `action` of an `observer` be sent now, however
        little it is. Raises UsageError for names that no plan of the store has."""
        await self._check_names(LetterFilter(observer=observer, action=action))
        await self._append_for_all("seal", {"name": observer, "node": action})

    async def _append_for_all(self, kind: str, body: Mapping[str, object]) -> None:
        """For each engine of the store: an entry goes to the owner of one shard."""
        shards = [min(one.shards) for one in await self.holdings() if one.shards]
        bodies = [{**body, "shard": shard} for shard in shards] or [{**body}]
        await self._append([(kind, each) for each in bodies])

    async def plan(self) -> Plan | None:
        """The plan that is active in the store, or None before the first engine."""
        return await active_plan(self._store)

    async def _plans(self) -> list[Plan]:
        """All plans that are in use; none before the first engine."""
        stored, _ = await self._store.plans()
        return [plan_of(each) for each in stored if each.blob]

    async def _check_names(self, wanted: LetterFilter) -> None:
        if wanted.observer is not None or wanted.action is not None:
            require_chosen(await self._plans(), wanted)

    async def wait_taken(self, timeout: float = 10.0) -> bool:  # noqa: ASYNC109
        """Wait, at most `timeout` seconds, until an engine has taken all commands that are in the
        inbox now and whose time has come."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        now = self._wall()
        entries = await self._store.fetch(MOST_COMMANDS, frozenset())
        ids = [one.id for one in entries if due_of(one) <= now]
        while ids and await self._store.pending(ids):
            if loop.time() > end:
                return False
            await asyncio.sleep(0.02)
        return True

    def _wall(self) -> int:
        """What the machine says: times in commands are its own, whoever carries them out."""
        return self._clock.now() + self._clock.drift()

    async def _append(self, commands: Sequence[tuple[str, Mapping[str, object]]]) -> list[int]:
        if not commands:
            return []
        written = [(kind, encoded(body)) for kind, body in commands]
        return await self._store.append(written, self._wall(), self._by)


async def active_plan(store: Store) -> Plan | None:
    """The plan that is active in the store, or None before the first engine."""
    plans, active = await store.plans()
    found = next((plan for plan in plans if plan.short == active), None)
    return None if found is None else plan_of(found)


def encoded(body: Mapping[str, object]) -> bytes:
    """A command's body as a store keeps it. Raises UsageError for what JSON cannot hold."""
    try:
        return write_given(body, "")
    except NotWritable as problem:
        raise UsageError(f"this cannot be stored as JSON: {problem}") from None
