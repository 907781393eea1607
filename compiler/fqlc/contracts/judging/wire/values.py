"""What is sent, as far as it is known before any event: the JSON that an expression can become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fql.plan.language.expressions import Expr

Kinds = frozenset[str]
"""Kinds of JSON values, by their words in a schema; a whole number is an `integer`."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Value:
    """A position of a body. `expr` is what was written there, None in a value that was
    written as a whole; there `field` says of which type it is which field."""

    expr: Expr | None = None
    field: tuple[str, str] | None = None
    nullable: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scalar(Value):
    """A text, number or Boolean that an event brings. `of` is its type in the language, and
    `shown` how messages name that; `members` are the only texts that it can be.

    Each of `readings` is what a receiver can take it for: any of these kinds. JSON has one, a
    form several."""

    of: str
    shown: str
    readings: tuple[Kinds, ...]
    members: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Whole(Value):
    """A text, number, Boolean or null that is written out. A receiver of a form takes it for any
    of `forms`, JSON has one."""

    forms: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an object. It is not `always` there where it may be left out. `written` where it
    was written itself, and did not come with a value."""

    name: str
    value: Value
    always: bool = True
    written: bool = True


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Record(Value):
    """An object with these keys and no others, made on first use: types may contain themselves."""

    keys: Callable[[], Mapping[str, Key]] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Items(Value):
    """A list. `fixed` are its items where they are written out, else each is like `item`. Of a
    batch it is known how many there are at most; it always holds one."""

    item: Value | None = None
    fixed: tuple[Value, ...] | None = None
    batch: int | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Either(Value):
    """One of several values: `if`, `case`, `??`."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Anything(Value):
    """JSON of any shape, or what was reported already."""


def is_null(value: Value) -> bool:
    """True for null as it is written."""
    return isinstance(value, Whole) and value.forms == (None,)
