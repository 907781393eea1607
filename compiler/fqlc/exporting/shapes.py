"""The shape of a value as a receiver gets it, before any notation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Mode = Literal["sent", "answer"]
"""Which way values of a declared type go: what an answer may be is wider than what is sent."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of a scalar type by its name, or `JWE`: an encrypted value."""

    name: str


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value but null."""


@dataclass(frozen=True, slots=True)
class Const:
    """One JSON value, such as a literal of a body; `text` is its JSON. Null is one."""

    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """A value of a declared enum, type or entity. `sealed` are the keys below it that are
    encrypted."""

    name: str
    mode: Mode = "sent"
    sealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list of at least `least` and at most `most` items."""

    of: Shape
    most: int | None = None
    least: int = 0


@dataclass(frozen=True, slots=True)
class Property:
    """One key of an object."""

    name: str
    shape: Shape
    required: bool = True
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Object:
    """An object with known keys; with `rest` it may have others that no plan names."""

    properties: tuple[Property, ...] = ()
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """A value of one of several shapes, none of which is a union."""

    of: tuple[Shape, ...]


Shape = Scalar | Anything | Const | Named | Items | Object | Union

NULL = Const("null")
STRING = Scalar("String")
SEALED = Scalar("JWE")


def union(shapes: Iterable[Shape]) -> Shape:
    """One shape for values of any of these: each once, literals left out beside their scalar."""
    flat = dict.fromkeys(inner for shape in shapes for inner in members(shape))
    if Anything() in flat:
        flat = {shape: None for shape in flat if shape in (Anything(), NULL)}
    found = tuple(s for s in flat if not any(is_literal_of(s, other) for other in flat))
    return found[0] if len(found) == 1 else Union(found)


_NUMBERS = {"Int": frozenset("0123456789-"), "Float": frozenset("0123456789-.eE")}


def is_literal_of(literal: Shape, of: Shape) -> bool:
    """Whether a literal is a value of a scalar."""
    if not isinstance(literal, Const) or not isinstance(of, Scalar):
        return False
    text = literal.text
    if of.name == "Boolean":
        return text in ("true", "false")
    if of.name in _NUMBERS:
        return set(text) <= _NUMBERS[of.name]
    if of.name == "Decimal":
        return re.fullmatch(r'"-?[0-9]+(\.[0-9]+)?"', text) is not None
    return of.name in ("String", "ID") and text.startswith('"')


def members(shape: Shape) -> tuple[Shape, ...]:
    """The shapes that a union is made of; any other shape alone."""
    return shape.of if isinstance(shape, Union) else (shape,)


def nullable(shape: Shape) -> Shape:
    """The shape, null allowed."""
    return union((shape, NULL))


def without_null(shape: Shape) -> Shape:
    """The shape, null excluded; null alone stays."""
    rest = tuple(one for one in members(shape) if one != NULL)
    return union(rest) if rest else shape


def names_in(shape: Shape) -> Iterator[Named]:
    """The declared names that a shape uses itself."""
    match shape:
        case Named():
            yield shape
        case Items():
            yield from names_in(shape.of)
        case Object():
            for one in shape.properties:
                yield from names_in(one.shape)
        case Union():
            for inner in shape.of:
                yield from names_in(inner)
        case _:
            pass
