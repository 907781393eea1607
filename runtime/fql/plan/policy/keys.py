"""What a key can be: its kind of value, its default, its range, its name in `fql.toml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from fql.plan.language.units import parse_duration, parse_size, show_duration, show_size


class Kind(StrEnum):
    """The kinds of values that a key can take; the value is how a message names the kind."""

    DURATION = "a duration such as `5s`"
    SIZE = "a size such as `64KB`"
    INT = "a whole number"
    NUMBER = "a number"
    BOOLEAN = "`true` or `false`"
    WORD = "a word"
    WORDS = "a list of words"
    NAMES = "a list of names"
    STATUSES = "a list of HTTP statuses such as `[408, 500..599]`"
    TEXT = "a text in quotes"
    SECRETS = "a text in quotes, or a list of secrets"
    HEADERS = "an object of texts"
    OBJECT = "an object"
    NAME = "a name"
    TRIGGERS = "`Entity.insert`, `Entity.update` or `Entity.delete`, or a list of them"
    CONDITION = "a condition"
    BODY = "an object, a list or a value"
    TYPE = "the name of a type"
    ORDER = "an expression, or `{ by: ..., on_dead: ... }`"
    TRIGGER = "`Entity.insert`, `Entity.update` or `Entity.delete`"
    ROW = "an object of field values"
    BY_ACTION = "an object with a value for each action"
    ANSWERS = "an object with an answer for each action"
    FUNCTION = "the name of a function, such as `stock.reserve`"
    ARGUMENTS = "an object with a value for each argument"
    CONTRACT = "`null`, or `{ body: ..., response: ... }` with JSON Schema files"

    def written(self, value: int | Decimal) -> str:
        """A number of this kind as people write it: 5000 as a duration is `5s`."""
        if self is Kind.DURATION:
            return show_duration(int(value))
        if self is Kind.SIZE:
            return show_size(int(value))
        return f"{value:,.10g}" if value != int(value) else f"{int(value):,}"

    def read(self, text: str) -> object:
        """The value, as a plan holds it, of a default that is written as `text`. Raises ValueError
        for a text of another kind."""
        return _READ.get(self, str)(text)


def _statuses(text: str) -> list[int]:
    return [int(status) for status in text.strip("[]").split(",")]


_READ: Mapping[Kind, Callable[[str], object]] = {
    Kind.DURATION: parse_duration,
    Kind.SIZE: parse_size,
    Kind.INT: int,
    Kind.NUMBER: float,
    Kind.BOOLEAN: "true".__eq__,
    Kind.STATUSES: _statuses,
}
"""How defaults are read; those of other kinds are texts."""


@dataclass(frozen=True, slots=True)
class Range:
    """From `least` to `most`, both included, in the unit of the kind and exact."""

    kind: Kind
    least: int | Decimal
    most: int | Decimal

    def passed_by(self, number: int | Decimal) -> Literal["least", "most"] | None:
        """Which end a number passes; None within the range. NaN is nowhere in it."""
        if Decimal(number).is_nan() or number < self.least:
            return "least"
        return "most" if number > self.most else None

    def __str__(self) -> str:
        """As people write it: `1ms to 1h`."""
        return f"{self.kind.written(self.least)} to {self.kind.written(self.most)}"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a block, or of an object under a key.

    `least` and `most` are in the unit of the kind: milliseconds, bytes or a count, exact (no
    binary fraction); outside them the code is `range_code`. For other words than `words` it
    is `word_code`. `default` is how the built-in default is written. `toml` is the place of the
    key in `fql.toml`, `toml_default` what holds there, where that differs, once its table is
    written. `names` says whose names a `NAME` takes. `policy` marks keys that are inherited level
    by level, `switched` policies that are off until a level gives one: the defaults of their keys
    hold only then.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    default: str = ""
    toml: str = ""
    toml_default: str = ""
    words: tuple[str, ...] = ()
    names: str = ""
    least: int | Decimal | None = None
    most: int | Decimal | None = None
    range_code: str = "FQL342"
    word_code: str = "FQL206"
    keys: tuple[Key, ...] = ()
    policy: bool = False
    switched: bool = False

    def sub(self, name: str) -> Key | None:
        """The key of that name below this one."""
        return next((k for k in self.keys if k.name == name), None)

    @property
    def range(self) -> Range | None:
        """The range of its values; None for a key without one."""
        if self.least is None or self.most is None:
            return None
        return Range(self.kind, self.least, self.most)

    @property
    def built_in(self) -> object:
        """The built-in default as a plan holds it; None for a key without one."""
        return self.kind.read(self.default) if self.default else None

    @property
    def built_in_toml(self) -> object:
        """The same for `fql.toml`, once the table of the key is written there."""
        return self.kind.read(self.toml_default) if self.toml_default else self.built_in
