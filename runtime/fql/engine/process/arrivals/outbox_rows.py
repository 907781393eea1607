"""Rows of an outbox, read by the types of the plan that is active when they are checked.

A source hands a row on as it is: `new` and `old` are texts of JSON, and `raw` says whether and how
a trigger wrote them: `true` by field, as SQLite has it, `"columns"` by column. So a reload reads
with the new plan at once, and a dead letter that keeps the row can be read again after the plan was
corrected, also where a column has another name now.
"""

from __future__ import annotations

from collections.abc import Mapping

from fql.exact.reading import read_foreign
from fql.outbox.readers import Readers, raw_form

SIDES = ("new", "old")


def event_of(readers: Readers, row: Mapping[str, object]) -> dict[str, object]:
    """The envelope of the event that a row holds. Raises ValueError when its texts are not JSON,
    or a column is missing."""
    envelope = {name: value for name, value in row.items() if name != "raw"}
    reader = readers.get((raw_form(row.get("raw")), str(row.get("entity"))))
    for side in SIDES:
        value = _value(envelope.get(side), side)
        if reader is not None and isinstance(value, Mapping):
            value = reader(value, side == "new" or row.get("event") == "delete")
        if value is not None:
            envelope[side] = value
    if isinstance(envelope.get("context"), str):
        envelope["context"] = _value(envelope["context"], "context")
    return envelope


def _value(text: object, name: str) -> object:
    if not isinstance(text, str):
        return text
    try:
        return read_foreign(text)
    except ValueError as error:
        raise ValueError(f"`{name}` of the outbox row cannot be read: {error}") from error


def shown(row: Mapping[str, object]) -> dict[str, object]:
    """The same row for a dead letter: its texts as values where they are JSON, so that people can
    read them; nothing is converted."""
    result = dict(row)
    for side in (*SIDES, "context"):
        try:
            result[side] = _value(row.get(side), side)
        except ValueError:
            continue
    return {name: value for name, value in result.items() if value is not None}
