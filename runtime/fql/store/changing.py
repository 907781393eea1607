"""Which rows a commit changes, from the rows there are and what the commit says. Pure: the tables
change only when somebody has them take what is given back."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

from fql.store.eviction import size_of, surplus
from fql.store.history.minutes import tidied
from fql.store.history.rows import BulkRow, History, MinuteRow, stepped
from fql.store.port import Pruned
from fql.store.records import LetterCopy, LetterRow, Mutations, Retention, RunRow
from fql.store.tables import OPEN_LETTERS, Change, Key, Tables

T = TypeVar("T")
CLOSED_LETTERS = ("resolved", "discarded")


class Changing:
    """Changes that are being gathered; what is read meanwhile has them already."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows: dict[tuple[str, Key], object] = {}
        self._numbered = tables.numbered
        self._last_copy = tables.last_copy
        self._notes = "notes" in tables.flags
        self._added: dict[int, set[int]] = {}

    def changes(self) -> list[Change]:
        """One for each row that is another one now."""
        return [Change(table, key, row) for (table, key), row in self._rows.items()]

    def put(self, table: str, key: Key, row: object) -> None:
        """From now on, this row or None."""
        self._rows[table, key] = row

    def _row(self, kind: type[T], table: str, key: Key) -> T | None:
        held: dict[Key, object] = getattr(self._tables, table)
        row = self._rows[table, key] if (table, key) in self._rows else held.get(key)
        return row if isinstance(row, kind) else None

    def mutate(self, mutations: Mutations) -> None:
        """All that a commit changes."""
        for event in mutations.events:
            self.put("events", event.id, event)
        self._mutate_runs(mutations)
        self._mutate_letters(mutations)
        self._mutate_sources(mutations)
        for limit in mutations.limits:
            self.put("limits", limit.endpoint, limit)
        for name, paused in mutations.pauses.items():
            self.put("pauses", name, paused or None)
        for plan in mutations.plans:
            self.put("plans", plan.short, plan)
        if mutations.active:
            self.put("flags", "active", mutations.active)
        for number in mutations.dropped_runs:
            self.drop_run(number)
        if mutations.history is not None:
            self._mutate_history(mutations.history)

    def _mutate_history(self, history: History) -> None:
        for event in history.unmatched:
            self.put("unmatched", event.id, event)
        for minute in history.minutes:
            self.put("minutes", minute_key(minute), minute)
        if history.pulse is not None:
            self.put("pulses", history.pulse.session, history.pulse)
            for session in self._tables.pulses:
                if session < history.pulse.session:
                    self.put("pulses", session, None)
        for bulk in history.bulks:
            self.put("bulks", bulk.id, bulk)
        for step in history.steps.values():
            before = self._row(BulkRow, "bulks", step.id)
            if before is not None:
                self.put("bulks", step.id, stepped(before, step))

    def _mutate_sources(self, mutations: Mutations) -> None:
        for known in mutations.remembered:
            self.put("remembered", known.key, known)
        for name, position in mutations.positions.items():
            self.put("positions", name, position)
        for taken in mutations.taken:
            self.put("taken", taken.id, taken.outbox)
        for id_ in mutations.forgotten:
            self.put("taken", id_, None)
        for number in mutations.consumed:
            self.put("inbox", number, None)

    def _mutate_runs(self, mutations: Mutations) -> None:
        for row in mutations.runs:
            self._numbered += 1
            self.put("runs", row.id, row._replace(number=self._numbered))
            self._added.setdefault(row.event, set()).add(row.id)
        for patch in mutations.patches:
            run = self._row(RunRow, "runs", patch.id)
            if run is None:
                raise KeyError(patch.id)
            self.put("runs", patch.id, run._replace(**patch._asdict()))
        for batch in mutations.batches:
            self.put("batches", batch.id, batch)
        for attempt in mutations.attempts:
            before = self._row(tuple, "attempts", attempt.owner) or ()
            self.put("attempts", attempt.owner, (*before, attempt))

    def _mutate_letters(self, mutations: Mutations) -> None:
        for one in mutations.letters:
            run = None if one.run is None else self._row(RunRow, "runs", one.run)
            row = one if run is None else one._replace(number=run.number)
            self.put("letters", row.id, row)
            self._note(row.id, "dead", row)
        for state, name in mutations.letter_states:
            letter = self._row(LetterRow, "letters", name)
            if state in CLOSED_LETTERS:
                self.put("letters", name, None)
                self._note(name, state)
            elif letter is not None:
                self.put("letters", name, letter._replace(state=state))

    def _note(self, name: str, change: str, letter: LetterRow | None = None) -> None:
        if self._notes:
            self._last_copy += 1
            copy = LetterCopy(self._last_copy, name, change, letter)
            self.put("copies", copy.number, copy)

    def note(self, *, wanted: bool) -> None:
        """Whether changes of dead letters are noted from now on. At first all there are count as
        changes; what was noted is forgotten when nobody wants it."""
        if wanted == self._notes:
            return
        self._notes = wanted
        self.put("flags", "notes", "yes" if wanted else None)
        for row in self._tables.letters.values():
            self._note(row.id, "dead", row)
        if not wanted:
            self.forget_copies(self._last_copy)

    def forget_copies(self, last: int) -> None:
        """The notes up to this number."""
        for number in self._tables.copies:
            if number <= last:
                self.put("copies", number, None)

    def drop_run(self, number: int) -> None:
        """A run, and its event when it was the last one of that."""
        run = self._row(RunRow, "runs", number)
        self.put("attempts", number, None)
        if run is None:
            return
        self.put("runs", number, None)
        if not self._runs_of(run.event):
            self.put("events", run.event, None)

    def prune(self, retention: Retention) -> Pruned:
        """One slice of what is no longer needed."""
        tables = self._tables
        finished = list(islice(self._finished(retention), retention.slice))
        for number in finished:
            self.drop_run(number)
        keys = list(islice(self._old_keys(retention), retention.slice))
        for key in keys:
            self.put("remembered", key, None)
        letters = sorted(tables.letters.values(), key=lambda row: row.failed_at)
        gone = surplus(letters[: retention.slice], sum(map(size_of, letters)), retention)
        for row in gone:
            self.put("letters", row.id, None)
            self._note(row.id, "evicted")
        evicted = tuple(row for row in gone if row.state in OPEN_LETTERS)
        more = retention.slice in (len(finished), len(keys), len(gone))
        self._prune_history(retention)
        if not more:
            self._clear(retention.runs_before)
        return Pruned(len(finished), len(keys), len(gone), evicted, more=more)

    def _prune_history(self, retention: Retention) -> None:
        rows = sorted(self._tables.unmatched.values(), key=lambda row: (row.at, row.id))
        over = len(rows) - retention.unmatched_max
        for number, row in enumerate(rows):
            if number < over or row.at < retention.runs_before:
                self.put("unmatched", row.id, None)
        for bulk in self._tables.bulks.values():
            if bulk.state != "running" and bulk.at < retention.runs_before:
                self.put("bulks", bulk.id, None)
        gone, merged = tidied(list(self._tables.minutes.values()), retention.now)
        for minute in gone:
            self.put("minutes", minute_key(minute), None)
        for minute in merged:
            self.put("minutes", minute_key(minute), minute)

    def _clear(self, before: int) -> None:
        """What refers to nothing, and nothing refers to: ended batches with their attempts, events
        without runs, and plans that are not used."""
        tables = self._tables
        for batch in tables.batches.values():
            if batch.ended is not None and batch.ended < before:
                self.put("attempts", batch.id, None)
                self.put("batches", batch.id, None)
        for event in tables.events.values():
            if event.received < before and not self._runs_of(event.id):
                self.put("events", event.id, None)
        used = {run.plan for run in tables.runs.values()} | {tables.flags.get("active")}
        needed = {letter.plan for letter in tables.letters.values()}
        for plan in tables.plans.values():
            if plan.short not in used and plan.digest not in needed:
                self.put("plans", plan.short, None)

    def _runs_of(self, event: int) -> bool:
        """Whether an event has a run after these changes."""
        fellows = self._tables.runs_of(event) | self._added.get(event, set())
        return any(self._row(RunRow, "runs", one) for one in fellows)

    def _finished(self, retention: Retention) -> Iterable[int]:
        letters = self._tables.letters.values()
        needed = {row.run for row in letters if row.state in OPEN_LETTERS}
        for run in self._tables.runs.values():
            if run.ended is None or run.order_key is not None or run.id in needed:
                continue
            if run.ended < retention.runs_before:
                yield run.id

    def _old_keys(self, retention: Retention) -> Iterable[bytes]:
        known = self._tables.remembered
        too_many = len(known) - retention.keys_max
        for number, (key, row) in enumerate(known.items()):
            if row.at < retention.keys_before or number < too_many:
                yield key


def minute_key(row: MinuteRow) -> str:
    """What makes a row of numbers the only one of its kind."""
    return f"{row.span}/{row.at}/{row.session}/{row.kind}/{row.name}"


def changes_of(tables: Tables, mutations: Mutations) -> list[Change]:
    """What a commit changes."""
    changing = Changing(tables)
    changing.mutate(mutations)
    return changing.changes()
