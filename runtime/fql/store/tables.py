"""The rows of a store in memory: what a commit changes, and the answers to what people ask.

Everything that is changed goes through `take`, one row at a time, so that whoever writes rows
elsewhere and reads them back comes to the same tables. Nothing here waits, and nobody is asked
who may write: that is for the stores that hold their rows so.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from fql.store.choosing import (
    Due,
    EventFilter,
    LetterFilter,
    LetterGroup,
    RunFilter,
    UnmatchedFilter,
    event_fits,
    grouped,
    letter_fits,
    newest_last,
    paged,
    run_fits,
    unmatched_fits,
)
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
from fql.store.port import MOST_COUNTED, Counts, StoreSize, as_far_as
from fql.store.records import (
    AttemptRow,
    BatchRow,
    Command,
    EventRow,
    LetterCopy,
    LetterRow,
    LimitRow,
    Loaded,
    Page,
    Paged,
    Remembered,
    RunRow,
    Snapshot,
    StoredPlan,
)

OPEN_LETTERS = ("dead", "replaying")
Key = int | str | bytes


class Change(NamedTuple):
    """The row that a table has under a key from now on; None: it has none. `table` is the name of
    an attribute of Tables."""

    table: str
    key: Key
    row: object


class Tables:
    """All rows, by their keys. `flags` has single values: the active plan, and whether changes of
    dead letters are noted."""

    def __init__(self) -> None:
        self.events: dict[int, EventRow] = {}
        self.runs: dict[int, RunRow] = {}
        self.batches: dict[int, BatchRow] = {}
        self.attempts: dict[int, tuple[AttemptRow, ...]] = {}
        self.letters: dict[str, LetterRow] = {}
        self.limits: dict[str, LimitRow] = {}
        self.remembered: dict[bytes, Remembered] = {}
        self.positions: dict[str, int] = {}
        self.taken: dict[bytes, str] = {}
        self.pauses: dict[str, bool] = {}
        self.inbox: dict[int, Command] = {}
        self.plans: dict[str, StoredPlan] = {}
        self.copies: dict[int, LetterCopy] = {}
        self.unmatched: dict[int, UnmatchedRow] = {}
        self.minutes: dict[str, MinuteRow] = {}
        self.pulses: dict[int, PulseRow] = {}
        self.bulks: dict[int, BulkRow] = {}
        self.flags: dict[str, str] = {}
        self.open: set[int] = set()
        self.numbered = self.last_copy = self.changes = 0
        self._lanes: dict[str, list[tuple[int, int]]] = {}
        self._runs_of: dict[int, set[int]] = {}
        self._states: dict[str, Counter[str]] = {"runs": Counter(), "letters": Counter()}

    def take(self, change: Change) -> None:
        """Have this row, or no row, under its key."""
        self.changes += 1
        table: dict[Key, object] = getattr(self, change.table)
        before = table.get(change.key)
        if isinstance(before, RunRow):
            self._forget(before)
        for row, by in ((before, -1), (change.row, 1)):
            if isinstance(row, RunRow | LetterRow):
                self._states[change.table][row.state] += by
        if change.row is None:
            table.pop(change.key, None)
            return
        table[change.key] = change.row
        if isinstance(change.row, RunRow):
            self._index(change.row)
        elif isinstance(change.row, LetterCopy):
            self.last_copy = max(self.last_copy, change.row.number)

    def _index(self, run: RunRow) -> None:
        self.numbered = max(self.numbered, run.number)
        self._runs_of.setdefault(run.event, set()).add(run.id)
        if run.ended is None:
            self.open.add(run.id)
        if run.due is not None:
            insort(self._lanes.setdefault(run.lane, []), (run.due, run.id))

    def _forget(self, run: RunRow) -> None:
        self.open.discard(run.id)
        fellows = self._runs_of[run.event]
        fellows.discard(run.id)
        if not fellows:
            del self._runs_of[run.event]
        if run.due is not None:
            lane = self._lanes[run.lane]
            del lane[bisect_left(lane, (run.due, run.id))]

    def runs_of(self, event: int) -> set[int]:
        """The numbers of an event's runs."""
        return self._runs_of.get(event, set())

    # For the engine --------------------------------------------------------------------

    def snapshot(self, *, clean: bool) -> Snapshot:
        """What an engine needs at its start."""
        by_number = sorted(self.runs.values(), key=attrgetter("number"))
        open_runs = [run for run in by_number if run.ended is None]
        queued = [run for run in by_number if run.order_key is not None]
        queued.sort(key=lambda run: run.ended is not None or run.due is None)
        return Snapshot(
            clean=clean,
            open_runs=len(open_runs),
            plans=self.stored_plans(),
            active=self.flags.get("active"),
            lanes=sorted({run.lane for run in open_runs if run.due is not None}),
            queues=[(run.order_key or "", run.id) for run in queued],
            halted=[run.id for run in queued if run.ended is not None],
            held=[self._loaded(run) for run in open_runs if run.held],
            batches=[row for _, row in sorted(self.batches.items()) if row.ended is None],
            limits=list(self.limits.values()),
            positions=dict(self.positions),
            taken=dict(self.taken),
            pauses=sorted(self.pauses),
        )

    def _loaded(self, run: RunRow) -> Loaded:
        return Loaded(run, self.events[run.event])

    def read(self, page: Page) -> Paged:
        """Stored runs."""
        if page.ids:
            return Paged(page, self._those(page.ids))
        lane = self._lanes.get(page.lane, [])
        later = bisect_left(lane, (1, 0))
        found = [*self._due(page, lane, 0, later)]
        if page.fresh:
            return Paged(page, self._those(one.run for one in found[: page.limit]))
        found.extend(self._due(page, lane, later, len(lane)))
        return paged(page, found, self._those)

    def _those(self, ids: Iterable[int]) -> list[Loaded]:
        return [self._loaded(self.runs[number]) for number in ids if number in self.runs]

    def _due(
        self, page: Page, lane: Sequence[tuple[int, int]], start: int, end: int
    ) -> Iterator[Due]:
        """What is not held of a part of a lane, up to one more than the page may have."""
        free = (lane[at] for at in range(start, end) if lane[at][1] not in page.held)
        for due, number in islice(free, page.limit + 1):
            yield Due(number, due, due or self.runs[number].started)

    def known(self, keys: Iterable[bytes]) -> dict[bytes, Remembered]:
        """Those of these keys that were accepted before."""
        return {key: self.remembered[key] for key in keys if key in self.remembered}

    def commands(self, limit: int, but: frozenset[int]) -> list[Command]:
        """Commands in the inbox, oldest first."""
        return [self.inbox[number] for number in sorted(self.inbox.keys() - but)][:limit]

    # For people ------------------------------------------------------------------------

    def found_runs(self, wanted: RunFilter) -> list[Loaded]:
        """Runs, newest first."""
        rows = sorted(self.runs.values(), key=lambda run: (run.started, run.number), reverse=True)
        found = (self._loaded(run) for run in rows)
        return [one for one in found if run_fits(one, wanted)][: wanted.limit]

    def found_letters(self, wanted: LetterFilter) -> list[LetterRow]:
        """Dead letters, newest first."""
        rows = sorted(self.letters.values(), key=newest_last, reverse=True)
        return [row for row in rows if letter_fits(row, wanted)][: wanted.limit]

    def letter_number(self, wanted: LetterFilter) -> int:
        """How many dead letters fit, as far as people count."""
        most = as_far_as(wanted.limit)
        fit = (row for row in self.letters.values() if letter_fits(row, wanted))
        return sum(1 for _ in islice(fit, most))

    def groups(self) -> list[LetterGroup]:
        """Dead letters counted by observer, action and class."""
        return grouped(self.letters.values())

    def tries(self, owners: Iterable[int]) -> list[AttemptRow]:
        """The tries of these runs and batches, in order."""
        return [row for owner in owners for row in self.attempts.get(owner, ())]

    def found_events(self, wanted: EventFilter) -> list[EventRow]:
        """Events, newest first."""
        rows = sorted(self.events.values(), key=attrgetter("received", "id"), reverse=True)
        return [row for row in rows if event_fits(row, wanted)][: wanted.limit]

    def found_unmatched(self, wanted: UnmatchedFilter) -> list[UnmatchedRow]:
        """Events without a run, newest first."""
        rows = sorted(self.unmatched.values(), key=attrgetter("at", "id"), reverse=True)
        return [row for row in rows if unmatched_fits(row, wanted)][: wanted.limit]

    def found_minutes(
        self, since: int, kinds: Sequence[str], names: Sequence[str]
    ) -> list[MinuteRow]:
        """What was counted in spans that end after this time, oldest first."""
        rows = (
            row
            for row in self.minutes.values()
            if row.at + row.span > since
            and (not kinds or row.kind in kinds)
            and (not names or row.name in names)
        )
        return sorted(rows, key=attrgetter("at", "span", "kind", "name", "session"))

    def found_pulses(self) -> list[PulseRow]:
        """The engines, as they were when they were last watched."""
        return [row for _, row in sorted(self.pulses.items())]

    def found_bulks(self, ids: Sequence[int], limit: int) -> list[BulkRow]:
        """Bulk replays, newest first."""
        found = sorted(self.bulks.items(), reverse=True)
        return [row for number, row in found if not ids or number in ids][:limit]

    def stored_plans(self) -> list[StoredPlan]:
        """All plans, oldest first."""
        return sorted(self.plans.values(), key=attrgetter("at"))

    def noted(self, limit: int) -> list[LetterCopy]:
        """Changes of dead letters that are to be copied, oldest first."""
        return [row for _, row in sorted(self.copies.items())[:limit]]

    def mark(self) -> str:
        """Another text after each change and command."""
        return f"{self.changes}.{max(self.inbox, default=0)}.{len(self.inbox)}"

    def counts(self) -> Counts:
        """How much there is."""
        most = MOST_COUNTED + 1
        runs, letters = (
            {state: min(number, most) for state, number in self._states[table].items() if number}
            for table in ("runs", "letters")
        )
        runs.pop("done", None)
        return Counts(
            min(len(self.events), most), runs, letters, min(len(self.inbox), most),
            frozenset(self.pauses),
        )  # fmt: skip

    def size(self, used: int = 0) -> StoreSize:
        """How big it is; `used` are bytes."""
        still = (row for row in self.letters.values() if row.state in OPEN_LETTERS)
        counted = Counter(row.observer for row in still)
        letters = {name: min(number, MOST_COUNTED + 1) for name, number in counted.items()}
        return StoreSize(letters, min(len(self.inbox), MOST_COUNTED + 1), used)
