"""A store in memory, for tests and for trying things out: nothing survives the process.

It is the plainest storage that keeps the port's promises, and so what others are compared with.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from fql.errors import StoreLocked
from fql.store.choosing import (
    LetterFilter,
    LetterGroup,
    RunFilter,
    grouped,
    letter_fits,
    newest_last,
    run_fits,
)
from fql.store.eviction import size_of, surplus
from fql.store.port import Counts, Lease, Pruned, StoreIdentity, StoreSize, Verdict
from fql.store.records import (
    AttemptRow,
    BatchRow,
    Command,
    EventRow,
    LetterCopy,
    LetterRow,
    LimitRow,
    Loaded,
    Mutations,
    Page,
    Paged,
    Remembered,
    Retention,
    RunRow,
    Snapshot,
    StoredPlan,
)
from fql.store.sessions import next_session, settlement

OPEN_LETTERS = ("dead", "replaying")
CLOSED_LETTERS = ("resolved", "discarded")


class MemoryStore:
    """Implements `fql.store.port.Store` with dictionaries. `seconds` gives the time in seconds
    since 1970, of which the numbers of sessions are made."""

    def __init__(self, *, seconds: Callable[[], float] = time.time) -> None:
        self._seconds = seconds
        self._sessions = 0
        self._lease: Lease | None = None
        self._clean = True
        self._events: dict[int, EventRow] = {}
        self._runs: dict[int, RunRow] = {}
        self._batches: dict[int, BatchRow] = {}
        self._attempts: dict[int, list[AttemptRow]] = {}
        self._letters: dict[str, LetterRow] = {}
        self._limits: dict[str, LimitRow] = {}
        self._remembered: dict[bytes, Remembered] = {}
        self._identity = StoreIdentity(uuid.uuid4().hex, "memory:")
        self._positions: dict[str, int] = {}
        self._taken: dict[bytes, str] = {}
        self._pauses: set[str] = set()
        self._inbox: dict[int, Command] = {}
        self._last_command = 0
        self._plans: dict[str, StoredPlan] = {}
        self._active: str | None = None
        self._notes = False
        self._copies: list[LetterCopy] = []
        self._last_copy = 0
        self._changed = asyncio.Event()
        self._cycle = self._settled = 0
        self._numbered = 0

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """What is stored stays for as long as the object lives."""
        if self._lease is not None:
            self._lease, self._clean = None, False

    async def acquire(self, holder: str) -> Lease:
        """Become the engine."""
        if self._lease is not None:
            raise StoreLocked(f"the store memory: is used by {self._lease.holder}")
        self._sessions = next_session(self._sessions, int(self._seconds()))
        self._lease, self._cycle, self._settled = Lease(self._sessions, holder), 0, 0
        return self._lease

    async def until_free(self, seconds: float) -> None:
        """Nothing tells: the time is over."""
        await asyncio.sleep(seconds)

    async def renew(self, lease: Lease) -> bool:
        """Whether the session is live: nothing takes it away but another one."""
        return self._lease == lease

    async def release(self, lease: Lease, *, clean: bool) -> None:
        """Stop being the engine."""
        if self._lease == lease:
            self._lease, self._clean = None, clean

    def fence(self) -> None:
        """Take the lease away from whoever has it, as another engine would (for tests)."""
        self._lease, self._clean = None, True

    async def identity(self) -> StoreIdentity:
        """Who this store is."""
        return self._identity

    async def load(self, lease: Lease) -> Snapshot:
        """What the engine needs at its start."""
        if self._lease != lease:
            raise StoreLocked("the store memory: has another engine")
        open_runs = [run for run in self._runs.values() if run.ended is None]
        batches = [batch for batch in self._batches.values() if batch.ended is None]
        queued = [run for run in self._runs.values() if run.order_key is not None]
        in_order = sorted(queued, key=attrgetter("number"))
        return Snapshot(
            clean=self._clean,
            open_runs=len(open_runs),
            plans=list(self._plans.values()),
            active=self._active,
            lanes=sorted({run.lane for run in open_runs if run.due is not None}),
            queues=[(run.order_key or "", run.id) for run in in_order],
            halted=[run.id for run in queued if run.ended is not None],
            held=[self._loaded(run) for run in open_runs if run.held],
            batches=batches,
            limits=list(self._limits.values()),
            positions=dict(self._positions),
            taken=dict(self._taken),
            pauses=sorted(self._pauses),
        )

    def _loaded(self, run: RunRow) -> Loaded:
        return Loaded(run, self._events[run.event])

    async def page(self, page: Page) -> Paged:
        """Read stored runs back."""
        return self.read(page)

    def read(self, page: Page) -> Paged:
        """The same without waiting."""
        if page.ids:
            found = [self._runs[number] for number in page.ids if number in self._runs]
            return Paged(page, [self._loaded(run) for run in found])
        waiting = [
            (run.due, run.id)
            for run in self._runs.values()
            if run.lane == page.lane and run.due is not None and run.id not in page.held
        ]
        waiting.sort()
        now = [number for due, number in waiting if due <= page.horizon][: page.limit]
        rest = waiting[len(now)][0] if len(waiting) > len(now) else None
        return Paged(page, [self._loaded(self._runs[number]) for number in now], rest)

    async def known(self, keys: Sequence[bytes]) -> dict[bytes, Remembered]:
        """Those of these keys that were accepted before."""
        return {key: self._remembered[key] for key in keys if key in self._remembered}

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        """Change everything, unless the lease was lost."""
        if self._lease != lease:
            return "fenced"
        self.apply(mutations)
        self._cycle += 1
        return "ok"

    async def settle(self, lease: Lease, expected: int) -> bool | None:
        """Whether a doubtful commit counted; if not, it never will."""
        stored = self._cycle if self._lease == lease else None
        counted = settlement(stored, expected, self._settled)
        if counted is False and stored == expected:
            self._cycle = self._settled = expected + 1
        return counted

    def apply(self, mutations: Mutations) -> None:
        """Change everything, whoever asks."""
        self._events.update((one.id, one) for one in mutations.events)
        for row in mutations.runs:
            self._numbered += 1
            self._runs[row.id] = row._replace(number=self._numbered)
        for patch in mutations.patches:
            columns = patch._asdict()
            self._runs[patch.id] = self._runs[patch.id]._replace(**columns)
        self._batches.update((row.id, row) for row in mutations.batches)
        for attempt in mutations.attempts:
            self._attempts.setdefault(attempt.owner, []).append(attempt)
        self._apply_letters(mutations)
        self._limits.update((row.endpoint, row) for row in mutations.limits)
        self._remembered.update((row.key, row) for row in mutations.remembered)
        self._positions.update(mutations.positions)
        self._taken.update((row.id, row.outbox) for row in mutations.taken)
        for id_ in mutations.forgotten:
            self._taken.pop(id_, None)
        for name, paused in mutations.pauses.items():
            (self._pauses.add if paused else self._pauses.discard)(name)
        for number in mutations.consumed:
            self._inbox.pop(number, None)
        self._plans.update((plan.short, plan) for plan in mutations.plans)
        self._active = mutations.active or self._active
        for number in mutations.dropped_runs:
            self._drop_run(number)

    def _apply_letters(self, mutations: Mutations) -> None:
        for one in mutations.letters:
            run = None if one.run is None else self._runs.get(one.run)
            row = one if run is None else one._replace(number=run.number)
            self._letters[row.id] = row
            self._note(row.id, "dead", row)
        for state, name in mutations.letter_states:
            if state in CLOSED_LETTERS:
                self._letters.pop(name, None)
                self._note(name, state)
            elif name in self._letters:
                self._letters[name] = self._letters[name]._replace(state=state)

    def _note(self, name: str, change: str, letter: LetterRow | None = None) -> None:
        if self._notes:
            self._last_copy += 1
            self._copies.append(LetterCopy(self._last_copy, name, change, letter))

    def note_copies(self) -> None:
        """From now on, note what is to be copied elsewhere."""
        if not self._notes:
            self._notes = True
            for row in self._letters.values():
                self._note(row.id, "dead", row)

    async def copies(self, limit: int) -> list[LetterCopy]:
        """What is noted, oldest first."""
        return self._copies[:limit]

    async def copied(self, last: int) -> None:
        """Forget the notes up to this number."""
        self._copies = [copy for copy in self._copies if copy.number > last]

    def _drop_run(self, number: int) -> None:
        run = self._runs.pop(number, None)
        self._attempts.pop(number, None)
        if run is not None and all(other.event != run.event for other in self._runs.values()):
            self._events.pop(run.event, None)

    async def fetch(self, limit: int, but: frozenset[int]) -> list[Command]:
        """Commands in the inbox, oldest first, without those that the engine has in hand."""
        self._changed.clear()
        return [self._inbox[n] for n in sorted(self._inbox.keys() - but)][:limit]

    async def wait(self, seconds: float) -> bool:
        """Until a client has appended something, or the time is over."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def append(
        self, commands: Sequence[tuple[str, bytes]], now: int, by: str = ""
    ) -> list[int]:
        """Put commands into the inbox."""
        numbers = []
        for kind, body in commands:
            self._last_command += 1
            self._inbox[self._last_command] = Command(self._last_command, kind, body, now, by)
            numbers.append(self._last_command)
        self._changed.set()
        return numbers

    async def pending(self, ids: Sequence[int]) -> set[int]:
        """Those of these commands that no engine has taken yet."""
        return {number for number in ids if number in self._inbox}

    async def runs(self, wanted: RunFilter) -> list[Loaded]:
        """Runs, newest first."""
        rows = sorted(self._runs.values(), key=lambda run: (run.started, run.number), reverse=True)
        found = (self._loaded(run) for run in rows)
        return [one for one in found if run_fits(one, wanted)][: wanted.limit]

    async def letters(self, wanted: LetterFilter) -> list[LetterRow]:
        """Dead letters, newest first."""
        rows = sorted(self._letters.values(), key=newest_last, reverse=True)
        return [row for row in rows if letter_fits(row, wanted)][: wanted.limit]

    async def letter_groups(self) -> list[LetterGroup]:
        """Dead letters counted by observer, action and class."""
        return grouped(self._letters.values())

    async def attempts(self, owners: Sequence[int]) -> list[AttemptRow]:
        """The tries of these runs and batches, in order."""
        return [row for owner in owners for row in self._attempts.get(owner, ())]

    async def events(self, event_id: str, limit: int = 100) -> list[EventRow]:
        """Events with this id of their own, newest first."""
        rows: Iterable[EventRow] = reversed(list(self._events.values()))
        return [row for row in rows if row.event_id == event_id][:limit]

    async def active(self) -> str | None:
        """The short digest of the active plan."""
        return self._active

    async def plans(self) -> tuple[list[StoredPlan], str | None]:
        """All stored plans and the short digest of the active one."""
        return list(self._plans.values()), self._active

    async def counts(self) -> Counts:
        """How much there is."""
        runs: dict[str, int] = {}
        for run in self._runs.values():
            runs[run.state] = runs.get(run.state, 0) + 1
        letters: dict[str, int] = {}
        for row in self._letters.values():
            letters[row.state] = letters.get(row.state, 0) + 1
        return Counts(len(self._events), runs, letters, len(self._inbox), frozenset(self._pauses))

    async def size(self) -> StoreSize:
        """How big it is; memory is not measured."""
        still = (row for row in self._letters.values() if row.state in OPEN_LETTERS)
        letters = Counter(row.observer for row in still)
        return StoreSize(letters, len(self._inbox), 0)

    async def prune(self, retention: Retention) -> Pruned:
        """Remove one bounded slice of what is no longer needed."""
        needed = {row.run for row in self._letters.values() if row.state in OPEN_LETTERS}
        finished = [
            run.id
            for run in self._runs.values()
            if run.ended is not None
            and run.ended < retention.runs_before
            and run.id not in needed
            and run.order_key is None
        ]
        old_keys = [k for k, row in self._remembered.items() if row.at < retention.keys_before]
        letters = sorted(self._letters.values(), key=lambda row: row.failed_at)
        gone = surplus(letters[: retention.slice], sum(map(size_of, letters)), retention)
        finished, old_keys = finished[: retention.slice], old_keys[: retention.slice]
        for number in finished:
            self._drop_run(number)
        for key in old_keys:
            del self._remembered[key]
        for row in gone:
            del self._letters[row.id]
            self._note(row.id, "evicted")
        evicted = tuple(row for row in gone if row.state in OPEN_LETTERS)
        return Pruned(len(finished), len(old_keys), len(gone), evicted)
