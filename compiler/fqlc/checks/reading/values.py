"""Reading the value of a key: from what was written to a settled value, or a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from fql.near import nearest, question
from fql.plan.language.expressions import Expr
from fql.plan.language.units import parse_duration
from fql.plan.limits import MOST_ENCRYPTED, MOST_SECRETS
from fql.plan.policy.keys import Key, Kind
from fqlc.checks.describe import bound_text, kind_of, quoted, word_of
from fqlc.checks.reading.entries import known_entries, report_missing
from fqlc.checks.table.keys import Mark
from fqlc.diagnostics.model import Edit, Fix
from fqlc.diagnostics.similar import similar_fix
from fqlc.diagnostics.sink import Sink
from fqlc.syntax.tree import ast

SECRET_KEYS = (
    Key("secret", Kind.TEXT, "The secret as `${NAME}`.", required=True),
    Key("not_before", Kind.TEXT, "When it starts to sign."),
    Key("not_after", Kind.TEXT, "When it stops signing."),
)
"""A secret with the time in which it is used."""


def _takes(key: Key) -> str:
    return "the name of a `retry` block or an object" if key.names == "retry" else key.kind.value


TextChecker = Callable[[ast.StringLiteral], Expr]
"""Turns a text of a setting, with its `${NAME}`s, into an expression; reports what is wrong."""

Constants = Callable[[ast.NameUse], object | None]
"""The value of the `let` that a name means, or None when there is no such `let`."""


class ValueReader:
    """Reads values by the kinds of the table. Reports FQL206 and the codes of ranges."""

    def __init__(self, sink: Sink, text: TextChecker, constants: Constants) -> None:
        self._sink = sink
        self._text = text
        self._constants = constants

    def read(self, key: Key, value: ast.Expr) -> object:
        """The value: int for durations (ms), sizes (bytes) and counts, float, bool, str, lists of
        str or int, or an expression for a text. `Mark.RESET` for null, `Mark.BAD` if reported."""
        while isinstance(value, ast.Parenthesised):
            value = value.inner
        if isinstance(value, ast.ErrorExpression):
            return Mark.BAD
        if isinstance(value, ast.WordLiteral) and value.value is None:
            return Mark.RESET
        return self._BY_KIND[key.kind](self, key, value)

    def wrong(self, key: Key, value: ast.Expr, *help_: str, fix: Fix | None = None) -> Mark:
        """Report FQL206: another kind of value than the key takes."""
        fix = fix or _unquoted(key, value)
        self._sink.error(
            "FQL206",
            f"`{key.name}` takes {_takes(key)}, not {kind_of(value)}",
            value.span,
            label=f"this is {kind_of(value)}",
            help=help_,
            fix=fix,
            covers=value.span,
        )
        return Mark.BAD

    def _constant(self, value: ast.Expr) -> object | None:
        if isinstance(value, ast.NameUse):
            return self._constants(value)
        if isinstance(value, ast.UnaryOf) and isinstance(value.of, ast.NumberLiteral):
            return -value.of.value
        if isinstance(value, ast.NumberLiteral):
            return value.value
        return None

    def _in_range(self, key: Key, value: ast.Expr, number: int | Decimal) -> object:
        passed = key.range.passed_by(number) if key.range else None
        if passed is None:
            return float(number) if key.kind is Kind.NUMBER else int(number)
        self._sink.error(
            key.range_code,
            f"`{key.name}` is out of range: it must be at {passed} {bound_text(key, passed)}",
            value.span,
            label="too small" if passed == "least" else "too large",
        )
        return Mark.BAD

    def _duration(self, key: Key, value: ast.Expr) -> object:
        if isinstance(value, ast.DurationLiteral):
            return self._in_range(key, value, value.milliseconds)
        number = self._constant(value)
        if isinstance(number, int) and isinstance(value, ast.NumberLiteral):
            return self.wrong(key, value, "write the unit: `ms`, `s`, `m`, `h` or `d`")
        milliseconds = getattr(number, "total_seconds", None)
        if milliseconds is not None:
            return self._in_range(key, value, round(milliseconds() * 1000))
        if isinstance(value, ast.StringLiteral):
            return self.wrong(
                key, value, "durations are written without quotes", fix=_bare_duration(value)
            )
        return self.wrong(key, value)

    def _size(self, key: Key, value: ast.Expr) -> object:
        if isinstance(value, ast.SizeLiteral):
            return self._in_range(key, value, value.size)
        return self.wrong(key, value)

    def _int(self, key: Key, value: ast.Expr) -> object:
        number = self._constant(value)
        if isinstance(number, int) and not isinstance(number, bool):
            return self._in_range(key, value, number)
        return self.wrong(key, value)

    def _number(self, key: Key, value: ast.Expr) -> object:
        number = self._constant(value)
        if isinstance(number, int | Decimal) and not isinstance(number, bool):
            return self._in_range(key, value, number)
        if isinstance(number, float):
            return self._in_range(key, value, Decimal(repr(number)))
        return self.wrong(key, value)

    def _boolean(self, key: Key, value: ast.Expr) -> object:
        if isinstance(value, ast.WordLiteral):
            return value.value
        meant = _BOOLEANS.get(value.text.lower()) if isinstance(value, ast.NameUse) else None
        if meant is None or not isinstance(value, ast.NameUse):
            return self.wrong(key, value)
        fix = similar_fix(value.text, meant, value.span, alias=True)
        return self.wrong(key, value, f"write `{meant}`", fix=fix)

    def _word(self, key: Key, value: ast.Expr) -> object:
        word = word_of(value)
        if word is None:
            return self.wrong(key, value, f"it must be {quoted(key.words)}")
        return self._known_word(key, value, word)

    def _known_word(self, key: Key, value: ast.Expr, word: str) -> object:
        if word in key.words:
            return word
        close = nearest(word, key.words)
        self._sink.error(
            key.word_code,
            f"`{key.name}` cannot be `{word}`: it must be {quoted(key.words)}",
            value.span,
            label="unknown word",
            help=(question(close),) if close else (),
            fix=similar_fix(word, close, value.span),
        )
        return Mark.BAD

    def _list(self, key: Key, value: ast.Expr) -> tuple[ast.Expr, ...] | None:
        if isinstance(value, ast.ListLiteral):
            return value.items
        self.wrong(key, value, "put it in brackets: `[...]`")
        return None

    def _words(self, key: Key, value: ast.Expr) -> object:
        items = self._list(key, value)
        if items is None:
            return Mark.BAD
        return _all([self._word(key, item) for item in items])

    def _names(self, key: Key, value: ast.Expr) -> object:
        items = self._list(key, value)
        if items is None or self._too_many(key, value, len(items), MOST_ENCRYPTED):
            return Mark.BAD
        return _all([self._name(key, item) for item in items])

    def _name(self, key: Key, item: ast.Expr) -> object:
        if isinstance(item, ast.NameUse):
            return item.text
        if isinstance(item, ast.StringLiteral):
            return item.value
        return self.wrong(key, item)

    def _statuses(self, key: Key, value: ast.Expr) -> object:
        items = self._list(key, value)
        if items is None:
            return Mark.BAD
        found: set[int] = set()
        for item in items:
            numbers = self._status(key, item)
            if numbers is None:
                return Mark.BAD
            found.update(numbers)
        return sorted(found)

    def _status(self, key: Key, item: ast.Expr) -> range | None:
        if isinstance(item, ast.RangeLiteral):
            first, last = item.first, item.last
        elif isinstance(item, ast.NumberLiteral) and isinstance(item.value, int):
            first = last = item.value
        else:
            self.wrong(key, item)
            return None
        if 100 <= first <= last <= 599:
            return range(first, last + 1)
        text = "an HTTP status must be a number from 100 to 599"
        self._sink.error("FQL206", text, item.span, label="no such status")
        return None

    def _text_of(self, key: Key, value: ast.Expr) -> object:
        if isinstance(value, ast.StringLiteral):
            return self._text(value)
        return self.wrong(key, value)

    def _secrets(self, key: Key, value: ast.Expr) -> object:
        if isinstance(value, ast.ListLiteral):
            if self._too_many(key, value, len(value.items), MOST_SECRETS):
                return Mark.BAD
            return _all([self._secret(key, item) for item in value.items])
        return self._secret(key, value)

    def _too_many(self, key: Key, value: ast.Expr, count: int, most: int) -> bool:
        """Report FQL390 for a list that each action would carry."""
        if count > most:
            text = f"`{key.name}` has {count} items, more than {most}"
            self._sink.error("FQL390", text, value.span, label="too many items")
        return count > most

    def _secret(self, key: Key, value: ast.Expr) -> object:
        """A text, or an object of a text and the dates between which it signs."""
        if not isinstance(value, ast.ObjectLiteral):
            return self._text_of(key, value)
        pairs = [(e.key, e.value) for e in value.entries if e.key is not None]
        found = known_entries(pairs, SECRET_KEYS, "a secret", self._sink)
        report_missing(SECRET_KEYS, found, value.span, "a secret", self._sink)
        read = {e.key.name: self._part_of_secret(e.key, e.value) for e in found.values()}
        return Mark.BAD if Mark.BAD in read.values() or "secret" not in read else read

    def _part_of_secret(self, key: Key, value: ast.Expr) -> object:
        if key.name == "secret" or not isinstance(value, ast.StringLiteral):
            return self._text_of(key, value)
        try:
            moment = datetime.fromisoformat(value.value)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return value.value
        return self.wrong(key, value, "write a date with an offset: `2026-03-02T14:00:00Z`")

    # Of the class: a reader with methods of its own in it would be a ring.
    _BY_KIND: ClassVar[Mapping[Kind, Callable[[ValueReader, Key, ast.Expr], object]]] = {
        Kind.DURATION: _duration,
        Kind.SIZE: _size,
        Kind.INT: _int,
        Kind.NUMBER: _number,
        Kind.BOOLEAN: _boolean,
        Kind.WORD: _word,
        Kind.WORDS: _words,
        Kind.NAMES: _names,
        Kind.STATUSES: _statuses,
        Kind.TEXT: _text_of,
        Kind.SECRETS: _secrets,
    }


_BOOLEANS = {
    **dict.fromkeys(("yes", "on", "y", "enabled"), "true"),
    **dict.fromkeys(("no", "off", "n", "disabled"), "false"),
}
"""Words of YAML and others for Booleans."""


def _bare_duration(value: ast.StringLiteral) -> Fix | None:
    """The duration without quotes and blanks, where it is one."""
    text = "".join(value.value.split())
    try:
        parse_duration(text)
    except ValueError:
        return None
    return Fix((Edit(value.span, text),), safe=False)


def _unquoted(key: Key, value: ast.Expr) -> Fix | None:
    """The name without the quotes around it, where a name is wanted."""
    if not key.names or not isinstance(value, ast.StringLiteral) or not value.value.isidentifier():
        return None
    return Fix((Edit(value.span, value.value),), safe=False)


def _all(values: list[object]) -> object:
    return Mark.BAD if Mark.BAD in values else values
