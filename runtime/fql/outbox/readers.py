"""Which reader turns what a trigger wrote into the values of an event. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from fql.outbox.postgresql import rows as by_column
from fql.outbox.sqlite import rows as by_field
from fql.plan.model import Plan

Read = Callable[[Mapping[str, object], bool], Mapping[str, object]]
Readers = Mapping[tuple[str, str], Read]
"""By the form of a row and its entity. The second argument says whether the row must be whole."""

FIELDS, COLUMNS = "fields", "columns"


def readers_of(plan: Plan) -> Readers:
    """The readers of a plan's entities."""
    found: dict[tuple[str, str], Read] = {}
    for entity in plan.entities:
        fields = partial(_by_field, by_field.row_reader(entity.fields))
        columns = by_column.row_reader(entity.fields)
        found |= {(FIELDS, entity.name): fields, (COLUMNS, entity.name): columns}
    return found


def raw_form(raw: object) -> str:
    """The form that a row's `raw` names; empty for an event that no trigger wrote."""
    return COLUMNS if raw == COLUMNS else FIELDS if raw else ""


def _by_field(
    read: by_field.RowReader, row: Mapping[str, object], whole: bool
) -> Mapping[str, object]:
    del whole  # what is missing is found by the check of the event
    return read(row)
