"""Rows as triggers of PostgreSQL write them, by column, turned into the values of an event.

`to_json` writes each value as it is: numbers with all digits, texts, booleans, documents, arrays as
lists, everything else as PostgreSQL shows it under the settings that the trigger pins. So little is
left to do: a `timestamp` has no offset and is taken as UTC. NaN and the infinities are texts, which
no number or time of an event can be: they are refused with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from fql.outbox.wanted import column_name
from fql.plan.language.types import Type, parse_type
from fql.plan.model import EntityField

Convert = Callable[[object], object]
Row = dict[str, object]
RowReader = Callable[[Mapping[str, object], bool], Row]

_WITHOUT_OFFSET = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)


def row_reader(fields: Iterable[EntityField]) -> RowReader:
    """A function that reads a row by column into one by field; the second argument says whether
    all of them must be there. It raises ValueError for a column that is not."""
    return partial(
        _read, [(f.name, column_name(f), _converter(parse_type(f.type))) for f in fields]
    )


def _read(
    fields: Iterable[tuple[str, str, Convert]], row: Mapping[str, object], complete: bool
) -> Row:
    read: Row = {}
    for name, column, convert in fields:
        if column in row:
            read[name] = convert(row[column])
        elif complete:
            raise ValueError(
                f"column `{column}` was not captured: the row is older than `fqlc capture"
                " install` with this plan, or the table has no such column any more"
            )
    return read


def _converter(type_: Type) -> Convert:
    if type_.item is not None:
        return partial(_items, _converter(type_.item))
    return _moment if type_.name == "DateTime" else _unchanged


def _items(convert: Convert, value: object) -> object:
    return [convert(item) for item in value] if isinstance(value, list) else value


def _moment(value: object) -> object:
    if isinstance(value, str) and _WITHOUT_OFFSET.fullmatch(value):
        return f"{value}Z"
    return value


def _unchanged(value: object) -> object:
    return value
