"""The first rows of a captured table, read as capture would read them: which would not fit?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from fql.errors import EventRefused
from fql.events.intake import EventMisfit, Intake
from fql.plan.model import Entity, Plan

SAMPLE = 1_000
"""Rows of a table that are looked at."""
LONGEST = 60
"""Characters of a key that are shown."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the first `rows` rows of a table say: how many do not fit, and why the first does not,
    with its key."""

    entity: str
    table: str
    rows: int
    unfit: int
    first: str

    def __str__(self) -> str:
        if not self.unfit:
            return f"{self.table}: the first {self.rows} rows fit {self.entity}"
        return (
            f"warning {self.entity}: {self.unfit} of the first {self.rows} rows of `{self.table}`"
            f" do not fit; {self.first}"
        )


class Sampled(NamedTuple):
    """A row by field, with its key in words; `problem` says why it could not be read."""

    key: str
    row: Mapping[str, object]
    problem: str = ""


def judged_sample(plan: Plan, entity: Entity, table: str, rows: Iterable[Sampled]) -> Sample:
    """Hold rows of an entity against its fields, as the intake would."""
    intake = Intake(plan)
    found = [(one.key, one.problem or _problem(intake, entity, one.row)) for one in rows]
    unfit = [(key, problem) for key, problem in found if problem]
    first = f"{unfit[0][0]}: {unfit[0][1]}" if unfit else ""
    return Sample(entity.name, table, len(found), len(unfit), first)


def _problem(intake: Intake, entity: Entity, row: Mapping[str, object]) -> str:
    try:
        envelope = {"entity": entity.name, "event": "insert", "new": row}
        intake.check(envelope, source="", position="", new_id=str, now=_EPOCH)
    except EventMisfit as misfit:
        return str(misfit.problems[0])
    except EventRefused as error:
        return str(error)
    return ""


def shown_key(columns: Iterable[str], values: Iterable[str]) -> str:
    """A key in words, or `a row` where there is none."""
    pairs = zip(columns, values, strict=False)
    return ", ".join(f"{name} = {value[:LONGEST]}" for name, value in pairs) or "a row"
