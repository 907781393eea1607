"""Values as SQLite keeps them, turned into the JSON values of an event.

SQLite has no booleans, dates or decimals, so triggers write what is stored (`raw` rows) and the
types of the entity say here what it means. A value that makes no sense is left as it is: the check
of the event then refuses it with path, expected type and what came.

    Boolean    0 and 1
    DateTime   text, or a number of seconds since 1970; without an offset it is UTC, as SQLite's
               own CURRENT_TIMESTAMP is
    Date       text; a time of 00:00:00 after it is dropped
    Decimal    text and integers as they are; a real becomes the shortest decimal that reads back
               as the same number, so 19.99 is 19.99
    UUID       text with or without hyphens, or 16 bytes
    JSON, lists and declared types   text that holds JSON
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from fql.events.values import rfc3339
from fql.exact.numbers import plain_decimal
from fql.exact.reading import BeyondLimits, NotJson, read_foreign
from fql.plan.language.types import parse_type
from fql.plan.model import EntityField

Convert = Callable[[object], object]
Row = dict[str, object]
RowReader = Callable[[Mapping[str, object]], Row]

_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]00:00(?::00(?:\.0+)?)?")


def row_reader(fields: Iterable[EntityField]) -> RowReader:
    """A function that reads a raw row of an entity with these fields. It raises ValueError for a
    blob or an infinite number, which no event can hold."""
    converters = {field.name: _converter(field) for field in fields}
    return partial(_converted_row, converters)


def _converted_row(converters: Mapping[str, Convert], row: Mapping[str, object]) -> Row:
    read = {
        name: converters[name](value) if name in converters and value is not None else value
        for name, value in row.items()
    }
    for name, value in row.items():
        if isinstance(value, list | dict) and name in converters and read[name] is value:
            raise ValueError(f"`{name}` holds {_marked(value)}, which no event can carry")
    return read


def _marked(value: list[object] | dict[str, object]) -> str:
    """What a list says that stands for a value which is not JSON: columns hold no lists. An object
    is the form of older triggers."""
    kind, content = next(iter(value.items())) if isinstance(value, dict) else tuple(value[:2])
    if kind == "infinite":
        return "an infinite number" if content else "an infinite number below zero"
    return f"a blob of {len(str(content)) // 2} bytes"


def _converter(field: EntityField) -> Convert:
    type_ = parse_type(field.type)
    if type_.is_list:
        return _json
    if type_.name in _CONVERTERS:
        return _CONVERTERS[type_.name]
    return _object


def _boolean(value: object) -> object:
    return bool(value) if isinstance(value, int) and value in (0, 1) else value


def _float(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def _decimal(value: object) -> object:
    if isinstance(value, Decimal | float):
        return plain_decimal(Decimal(repr(float(value)))).removesuffix(".0")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _datetime(value: object) -> object:
    try:
        if isinstance(value, str):
            return rfc3339(_at_utc(datetime.fromisoformat(value)))
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return rfc3339(_seconds(value))
    except (ValueError, OverflowError, OSError):
        return value
    return value


def _at_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(value: float | Decimal) -> datetime:
    whole, fraction = divmod(Decimal(value), 1)
    moment = datetime.fromtimestamp(int(whole), UTC)
    return moment.replace(microsecond=min(999_999, round(float(fraction) * 1_000_000)))


def _date(value: object) -> object:
    found = _MIDNIGHT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value


def _uuid(value: object) -> object:
    text = _blob(value)
    try:
        return str(uuid.UUID(text)) if isinstance(text, str) and len(text) == 32 else value
    except ValueError:
        return value


def _blob(value: object) -> object:
    """The digits of a blob; anything else as it is."""
    if isinstance(value, dict):
        return value.get("blob", value)
    return value[1] if isinstance(value, list) and value[:1] == ["blob"] else value


def _json(value: object) -> object:
    """Text of a JSON column; text that is not JSON is a JSON string. Raises BeyondLimits."""
    try:
        return read_foreign(value) if isinstance(value, str) else value
    except BeyondLimits:
        raise  # it is JSON, and must not become a text of it
    except NotJson:
        return value


def _object(value: object) -> object:
    """A declared type is stored as a JSON object; an enum is text that is not an object."""
    return _json(value) if isinstance(value, str) and value.lstrip().startswith("{") else value


def _unchanged(value: object) -> object:
    return value


_CONVERTERS: Mapping[str, Convert] = {
    "ID": _unchanged,
    "String": _unchanged,
    "Int": _unchanged,
    "Boolean": _boolean,
    "Float": _float,
    "Decimal": _decimal,
    "DateTime": _datetime,
    "Date": _date,
    "UUID": _uuid,
    "JSON": _json,
}
