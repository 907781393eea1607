"""What an engine counts by the minute: of itself, of observers, of actions, of endpoints.

Nothing is written for it alone while the engine works: rows go with a commit that is made anyway.
What was counted outlives the state that is loaded again, as only stored steps count.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter

from fql.engine.core.held.inputs import Step, Tally
from fql.store.history.minutes import EDGES, MINUTE, Numbers
from fql.store.history.rows import History, MinuteRow
from fql.store.records import Mutations

EVERY = 10_000
"""Milliseconds from one commit that has such rows to the next."""
MOST = 2_000
"""Names that are counted in a minute. After that only observers are."""
OF_ENGINE = ("events", "duplicates", "refused", "unknown", "retries", "replayed")
"""What only the engine as a whole has."""
counts_of = attrgetter(*OF_ENGINE)

Cell = tuple[str, str, str]
"""Observer, action and endpoint; empty where there is none."""
Named = tuple[str, str]
"""Kind and name of a row."""


class Minutes:
    """Counts of this minute, and rows of earlier ones that are not stored yet."""

    def __init__(self) -> None:
        self._session = 0
        self._begin = 0
        self._written_at = 0
        self._engine = Numbers()
        self._cells: dict[Cell, Numbers] = {}
        self._ways: dict[Cell, Numbers] = {}
        self._names: set[Named] = set()
        self._stored: dict[Named, str] = {}
        self._left: list[MinuteRow] = []
        self._changed = False

    def begin(self, session: int) -> None:
        """Rows have the first session of an engine: another one would count a minute twice."""
        self._session = self._session or session

    def go_with(self, mutations: Mutations, now: int) -> None:
        """Let rows go with this commit, if the last time is long enough ago."""
        if self._changed and abs(now - self._written_at) >= EVERY:
            if mutations.history is None:
                mutations.history = History()
            mutations.history.minutes = self.rows()

    def rows(self) -> list[MinuteRow]:
        """What has changed since it was stored."""
        return [*self._left, *self._rows()]

    def count(self, step: Step, before: Tally, tally: Tally, now: int) -> None:
        """A step is stored, and with it the rows that went with it. `before` are the numbers of the
        step before. This is on the hot path: it calls nothing of its own for what it knows."""
        history = step.mutations.history
        if history is not None and history.minutes:
            self._note(now)
        earlier, later = counts_of(before), counts_of(tally)
        runs = step.mutations.runs
        if earlier == later and not (step.attempted or runs or step.ended or step.dead):
            return
        if now - self._begin >= MINUTE:
            self._turn(now)
        self._changed = True
        if earlier != later:
            for name, one, other in zip(OF_ENGINE, earlier, later, strict=True):
                if other > one:
                    self._engine.add(name, other - one)
        self._count_attempts(step)
        marks = [(run.observer, "", "runs") for run in runs]
        marks += [(one.observer, "", one.state) for one in step.ended]
        marks += [(one.observer, one.action, "letters") for one in step.dead]
        for observer, action, what in marks:
            cell = (observer, action, "")
            counts = (self._ways.get(cell) or self._way(cell)).counts
            counts[what] = counts.get(what, 0) + 1

    def _count_attempts(self, step: Step) -> None:
        for one in step.attempted:
            spec = one.work.spec
            cell = (spec.observer, spec.name, spec.endpoint)
            numbers = self._ways.get(cell) or self._way(cell)
            counts = numbers.counts
            counts["sent"] = counts.get("sent", 0) + 1
            if one.failed:
                counts["failed"] = counts.get("failed", 0) + 1
                numbers.fail(str(one.outcome.failure or one.outcome.status))
            if numbers.ms is None:
                numbers.ms = [0] * (len(EDGES) + 1)
            numbers.ms[bisect_left(EDGES, one.outcome.duration_ms)] += 1

    def _way(self, cell: Cell) -> Numbers:
        """Where to count it: where there are too many names, at its observer alone."""
        if cell[1] and len(self._names.union(_names(cell))) > MOST:
            known, cell = cell, (cell[0], "", "")
        else:
            known = cell
        self._names.update(_names(cell))
        found = self._ways[known] = self._cells.setdefault(cell, Numbers())
        return found

    def _turn(self, now: int) -> None:
        """Another minute begins."""
        self._left += self._rows()
        self._begin = now // MINUTE * MINUTE
        self._engine = Numbers()
        for known in (self._cells, self._ways, self._names, self._stored):
            known.clear()

    def _rows(self) -> list[MinuteRow]:
        """Those of this minute that are not stored as they are now."""
        sums: dict[Named, Numbers] = {("engine", ""): Numbers()}
        sums["engine", ""].take(self._engine)
        for cell, numbers in self._cells.items():
            for named in (("engine", ""), *_names(cell)):
                sums.setdefault(named, Numbers()).take(numbers)
        for (kind, _), numbers in sums.items():
            if kind != "endpoint":
                numbers.why = None  # who failed to answer, and how, is asked of receivers
        texts = {named: numbers.written() for named, numbers in sums.items() if numbers.counts}
        return [
            MinuteRow(MINUTE, self._begin, kind, name, self._session, text)
            for (kind, name), text in texts.items()
            if self._stored.get((kind, name)) != text
        ]

    def _note(self, now: int) -> None:
        """These are stored: all there were, and nothing was counted meanwhile."""
        self._stored.update(((row.kind, row.name), row.numbers) for row in self._rows())
        self._left.clear()
        self._changed, self._written_at = False, now


def _names(cell: Cell) -> list[Named]:
    observer, action, endpoint = cell
    names = [("observer", observer)] if observer else []
    if action:
        names.append(("action", f"{observer}/{action}"))
    if endpoint:
        names.append(("endpoint", endpoint))
    return names
