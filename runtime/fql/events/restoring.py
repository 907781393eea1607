"""The way back from stored rows, which were checked before they were stored, to typed values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fql.exact.numbers import NumericId
from fql.plan.language.types import Type, parse_type
from fql.plan.table import TypeTable

Restorer = Callable[[Any], Any]
"""Takes a JSON value that is not null."""


def _restore_id(value: Any) -> str:
    return value if isinstance(value, str) else NumericId(value)


_SCALARS: dict[str, Restorer] = {
    "ID": _restore_id,
    "Float": float,
    "Decimal": Decimal,
    "DateTime": datetime.fromisoformat,
    "Date": date.fromisoformat,
}


def restorer(type_: Type, table: TypeTable) -> Restorer | None:
    """What turns a stored value into a typed one; None where they are the same."""
    if type_.item is not None:
        return _list_restorer(restorer(type_.item, table))
    if type_.name in table.types:
        return _object_restorer(type_.name, table)
    return _SCALARS.get(type_.name)


def _list_restorer(item: Restorer | None) -> Restorer | None:
    if item is None:
        return None

    def restore(values: Any) -> Any:
        return [None if value is None else item(value) for value in values]

    return restore


def _object_restorer(name: str, table: TypeTable) -> Restorer:
    declared = table.types[name]
    fields: list[tuple[str, Restorer | None]] = []

    def restore(value: Any) -> Any:
        if not fields:  # types may refer to themselves
            fields.extend((f.name, restorer(parse_type(f.type), table)) for f in declared.fields)
        return restore_fields(value, fields)

    return restore


def restore_fields(stored: dict[str, Any], fields: list[tuple[str, Restorer | None]]) -> Any:
    """A stored object with each field restored; a field it lacks is null."""
    restored = {}
    for name, restore in fields:
        value = stored.get(name)
        restored[name] = value if restore is None or value is None else restore(value)
    return restored
