"""Rows that no store can take. One of them would make every commit fail that it is part of, so it
is found and its item set aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fql.engine.core.held.inputs import Inputs, Misfit, NewEvent, Performed
from fql.store.records import (
    AttemptRow,
    BatchRow,
    EventRow,
    LetterRow,
    Mutations,
    RunPatch,
    RunRow,
)

INT_BITS = 63
LONGEST = 1_000_000_000
"""Bytes of one value: what SQLite takes; others take no more."""

Stored = EventRow | RunRow | RunPatch | BatchRow | AttemptRow | LetterRow


def unstorable(mutations: Mutations) -> Stored | None:
    """The first row with a value that cannot be stored: half a surrogate pair, an integer beyond
    64 bits, a text without end, anything that is not a value of a database."""
    rows: Iterable[Stored] = (
        *mutations.events, *mutations.runs, *mutations.patches, *mutations.batches,
        *mutations.attempts, *mutations.letters,
    )  # fmt: skip
    return next((row for row in rows if not _fits(row)), None)


def _fits(row: Sequence[object]) -> bool:
    return all(is_storable(value) for value in row)


def is_storable(value: object) -> bool:
    """Whether every store can keep this value as it is."""
    if isinstance(value, str):
        try:
            return len(value.encode()) <= LONGEST
        except UnicodeEncodeError:
            return False
    if isinstance(value, int):
        return -(1 << INT_BITS) <= value < 1 << INT_BITS
    if isinstance(value, bytes):
        return len(value) <= LONGEST
    return value is None or isinstance(value, float)


def maker_of(row: Stored, inputs: Inputs, attempted: Sequence[Performed]) -> object:
    """The item that the row came from: an attempt that the step has recorded, one of its inputs,
    or what it is a row of."""
    outcome = _outcome_of(row, attempted)
    return outcome or _event_of(row, inputs) or _misfit_of(row, inputs) or row


def _outcome_of(row: Stored, attempted: Sequence[Performed]) -> Performed | None:
    if not isinstance(row, AttemptRow | LetterRow):
        return None
    owners = (row.owner,) if isinstance(row, AttemptRow) else (row.run, row.batch)
    for one in attempted:
        if one.work.spec.name == row.node and one.work.owner.id in owners:
            return one
    return None


def _event_of(row: Stored, inputs: Inputs) -> NewEvent | None:
    if isinstance(row, EventRow):
        return next((new for new in inputs.events if new.number == row.id), None)
    if isinstance(row, RunRow | LetterRow):
        number = row.id if isinstance(row, RunRow) else row.run
        for new in inputs.events:
            if number in new.runs:
                new.making = row.observer
                return new
    return None


def _misfit_of(row: Stored, inputs: Inputs) -> Misfit | None:
    if not isinstance(row, LetterRow):
        return None
    return next((one for one in inputs.misfits if one.payload is row.payload), None)
