"""What one commit changes, as rows that are touched once each. Pure.

All parts of PostgreSQL's one statement see what was there before it, and none sees what another
writes; a row that two parts change is changed by one of them, and nobody knows by which. So a patch
of a new run becomes part of it, the last of two rows is the one that counts, and what is dropped in
the commit that makes it is not made at all.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fql.store.records import (
    AttemptRow,
    EventRow,
    LetterRow,
    Mutations,
    RunPatch,
    RunRow,
    Taken,
)

T = TypeVar("T")
CLOSING = frozenset({"resolved", "discarded"})


@dataclass(frozen=True, slots=True)
class Folded:
    """The parts of a commit that are not simply those of its `Mutations`. `noted` are letters that
    became dead, `closed` (state, id) of those that left, each as often as it happened. Events of
    `dropped` runs go too, except for `needed_events`; `lone_events` are those of runs that were
    never stored."""

    events: Sequence[EventRow]
    runs: Sequence[RunRow]
    patches: Sequence[RunPatch]
    attempts: Sequence[AttemptRow]
    letters: Sequence[LetterRow]
    noted: Sequence[LetterRow]
    closed: Sequence[tuple[str, str]]
    marked: Sequence[tuple[str, str]]
    taken: Sequence[Taken]
    dropped: Sequence[int]
    needed_events: Sequence[int]
    lone_events: Sequence[int]


def fold(changed: Mutations) -> Folded:
    """The same changes, each row once."""
    dropped = frozenset(changed.dropped_runs)
    runs, patches = _patched(changed.runs, changed.patches, dropped)
    needed = sorted({run.event for run in runs}) if dropped else []
    gone = {run.event for run in changed.runs if run.id in dropped} - set(needed)
    letters, marked = _letters(changed)
    attempts = changed.attempts
    if dropped:
        attempts = [one for one in attempts if one.owner not in dropped]
    forgotten = frozenset(changed.forgotten)
    return Folded(
        events=[one for one in changed.events if one.id not in gone] if gone else changed.events,
        runs=runs,
        patches=patches,
        attempts=last_of(attempts, [(one.owner, one.node, one.number) for one in attempts]),
        letters=letters,
        noted=changed.letters,
        closed=[one for one in changed.letter_states if one[0] in CLOSING],
        marked=marked,
        taken=[one for one in changed.taken if one.id not in forgotten],
        dropped=sorted(dropped),
        needed_events=needed,
        lone_events=sorted(gone),
    )


def last_of(rows: Sequence[T], keys: Iterable[Hashable]) -> Sequence[T]:
    """Of rows with the same key, the last one."""
    by_key = dict(zip(keys, rows, strict=True))
    return rows if len(by_key) == len(rows) else list(by_key.values())


def _patched(
    runs: Sequence[RunRow], patches: Sequence[RunPatch], dropped: frozenset[int]
) -> tuple[Sequence[RunRow], Sequence[RunPatch]]:
    """New runs in their final form, and the last patch of each other one."""
    if dropped:
        runs = [run for run in runs if run.id not in dropped]
        patches = [patch for patch in patches if patch.id not in dropped]
    patches = last_of(patches, [patch.id for patch in patches])
    new = {run.id for run in runs}
    if not any(patch.id in new for patch in patches):
        return runs, patches
    of_new = {patch.id: patch for patch in patches if patch.id in new}
    runs = [run._replace(**of_new[run.id]._asdict()) if run.id in of_new else run for run in runs]
    return runs, [patch for patch in patches if patch.id not in new]


def _letters(changed: Mutations) -> tuple[Sequence[LetterRow], Sequence[tuple[str, str]]]:
    """Letters that exist after the commit, and the states of others that stay."""
    states = {name: state for state, name in changed.letter_states}
    rows = last_of(changed.letters, [row.id for row in changed.letters])
    if states:
        rows = [
            row._replace(state=states.get(row.id, row.state))
            for row in rows
            if states.get(row.id) not in CLOSING
        ]
    new = {row.id for row in rows}
    marked = [(s, name) for name, s in states.items() if s not in CLOSING and name not in new]
    return rows, marked
