"""Values of stored JSON, taken as the kinds that our own writer gave them.

Whoever reads a stored form names the kind of each part. A part of another kind is a form that was
not written by us, or is damaged; it raises, rather than turning up later somewhere else.
"""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def as_a(kind: type[T], value: object) -> T:
    """The value, which must be of that class. Raises TypeError for any other."""
    if isinstance(value, kind):
        return value
    raise TypeError(f"{type(value).__name__} where {kind.__name__} was expected")


def as_object(value: object) -> dict[str, object]:
    """The object that was read; its keys are texts, as those of any JSON object. Raises
    TypeError."""
    return as_a(dict, value)


def as_list(value: object) -> list[object]:
    """The list that was read. Raises TypeError."""
    return as_a(list, value)


def as_objects(value: object) -> list[dict[str, object]]:
    """The list of objects that was read. Raises TypeError."""
    return [as_object(item) for item in as_list(value)]
