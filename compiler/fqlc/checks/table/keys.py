"""What the table of blocks is made of: a key, its kind of value, its range and its words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum


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


SETTLED = frozenset(
    {
        Kind.DURATION, Kind.SIZE, Kind.INT, Kind.NUMBER, Kind.BOOLEAN,
        Kind.WORD, Kind.WORDS, Kind.NAMES, Kind.STATUSES, Kind.TEXT, Kind.SECRETS,
    }
)  # fmt: skip
"""Kinds whose value is read without an entity in scope: policies."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a block, or of an object under a key.

    `least` and `most` are in the unit of the kind: milliseconds, bytes or a count, exact (no
    binary fraction); outside of them the code is `range_code`. For other words than `words` it
    is `word_code`. `default` is how the built-in default is written, `toml` the equivalent in
    `fql.toml`. `names` says whose names a `NAME` takes. `policy` marks keys that are inherited
    level by level.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    default: str = ""
    toml: str = ""
    words: tuple[str, ...] = ()
    names: str = ""
    least: int | Decimal | None = None
    most: int | Decimal | None = None
    range_code: str = "FQL342"
    word_code: str = "FQL206"
    keys: tuple[Key, ...] = ()
    policy: bool = False

    def sub(self, name: str) -> Key | None:
        """The key of that name below this one."""
        return next((k for k in self.keys if k.name == name), None)


@dataclass(frozen=True, slots=True)
class BlockKind:
    """A kind of block: its keys, and the kinds of blocks that may stand in it."""

    name: str
    doc: str
    keys: tuple[Key, ...]
    blocks: tuple[str, ...] = ()
    named: bool = True
    flow: bool = False

    def key(self, name: str) -> Key | None:
        """The key of that name."""
        return next((k for k in self.keys if k.name == name), None)


class Mark(Enum):
    """Values that are not values: `BAD` was reported, `RESET` is `null`: the built-in default."""

    BAD = "bad"
    RESET = "reset"
