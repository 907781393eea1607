"""Which reader turns what a trigger wrote into the values of an event. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from fql.plan.model import EntityField, Plan

if TYPE_CHECKING:
    from fql.outbox.sqlite.rows import RowReader

Read = Callable[[Mapping[str, object], bool], Mapping[str, object]]
Readers = Mapping[tuple[str, str], Read]
"""By the form of a row and its entity. The second argument says whether the row must be whole."""

FIELDS, COLUMNS = "fields", "columns"


def readers_of(plan: Plan) -> Readers:
    """The readers of a plan's entities."""
    return _Late({entity.name: entity.fields for entity in plan.entities})


class _Late(Mapping[tuple[str, str], Read]):
    """Each is made, and what it needs imported, when the first row comes that it reads."""

    def __init__(self, fields: Mapping[str, Sequence[EntityField]]) -> None:
        self._fields = fields
        self._made: dict[tuple[str, str], Read] = {}

    def __getitem__(self, key: tuple[str, str]) -> Read:
        if key not in self._made:
            form, entity = key
            self._made[key] = _MAKE[form](self._fields[entity])
        return self._made[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((form, entity) for form in _MAKE for entity in self._fields)

    def __len__(self) -> int:
        return len(_MAKE) * len(self._fields)


def _of_fields(fields: Sequence[EntityField]) -> Read:
    from fql.outbox.sqlite.rows import row_reader

    return partial(_by_field, row_reader(fields))


def _of_columns(fields: Sequence[EntityField]) -> Read:
    from fql.outbox.postgresql.rows import row_reader

    return row_reader(fields)


_MAKE: Mapping[str, Callable[[Sequence[EntityField]], Read]] = {
    FIELDS: _of_fields,
    COLUMNS: _of_columns,
}


def raw_form(raw: object) -> str:
    """The form that a row's `raw` names; empty for an event that no trigger wrote."""
    return COLUMNS if raw == COLUMNS else FIELDS if raw else ""


def _by_field(read: RowReader, row: Mapping[str, object], whole: bool) -> Mapping[str, object]:
    del whole  # what is missing is found by the check of the event
    return read(row)
