"""Shapes of other languages that show only where reading stops: FQL104 in the place of FQL101."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from fqlc.diagnostics.model import Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.foreign.answers import report, say
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.numbers import meant_unit

_FAR = 40
"""How many lexemes back an `if` may stand from its `else`."""


def answer_foreign(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """Report the shape that the lexeme at `at` belongs to. True when there is one."""
    return any(shape(lexemes, at, expected) for shape in _SHAPES)


def _question(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`test ? a : b`."""
    found = lexemes[at]
    if found.text != "?" or "QUESTION" in expected:
        return False
    say(found, "there is no `test ? a : b`", None, advice=_INSTEAD_OF_A_CHOICE)
    return True


def _if_else(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`a if test else b`."""
    del expected
    if lexemes[at].type != "ELSE":
        return False
    words = (x for x in reversed(lexemes[max(at - _FAR, 0) : at]) if x.text == "if")
    word = next(words, None)
    if word is not None:
        say(word, "there is no `a if test else b`", None, advice=_INSTEAD_OF_A_CHOICE)
    return word is not None


_INSTEAD_OF_A_CHOICE = (
    'choose in a text: `"{% if test %}a{% else %}b{% endif %}"`',
    "or write two actions, each with its `when`",
)


def _shift(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`a >> b`, as Airflow joins tasks."""
    if lexemes[at].text != ">" or "_ARROW" not in expected:
        return False
    last = lexemes[at + 1] if [x.text for x in lexemes[at + 1 : at + 2]] == [">"] else lexemes[at]
    report(lexemes[at], "->", "an edge is spelled `->`", last=last)
    return True


def _bang(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`ID!`, as GraphQL marks what is not null."""
    found = lexemes[at]
    if found.text != "!" or not expected >= {"QUESTION", "AT"}:
        return False
    help_ = ("types are never null unless they are marked: `ID?`",)
    say(found, "types have no `!` here", Fix((Edit(found.span(), ""),)), advice=help_)
    return True


def _brackets(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`String[]`."""
    found = lexemes[at]
    closed = at + 1 < len(lexemes) and lexemes[at + 1].type == "RBRACKET"
    if found.text != "[" or not closed or not expected >= {"QUESTION", "AT"}:
        return False
    name, last = lexemes[at - 1], lexemes[at + 1]
    whole = Span(name.origin.path, name.start, last.end)
    written = f"[{name.text}]"
    say(found, f"a list is spelled `{written}` here", Fix((Edit(whole, written),)))
    return True


def _let_colon(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`let limit: 5`."""
    del expected
    if at == 0 or lexemes[at - 1].type != "LET" or lexemes[at].type != "KEY":
        return False
    colon = next((x for x in lexemes[at + 1 : at + 2] if x.text == ":"), None)
    fix = None
    if colon is not None:
        path = colon.origin.path
        fix = Fix((Edit(Span(path, lexemes[at].end, colon.end), " ="),))
    say(lexemes[at], "a constant is written with `=`: `let name = value`", fix)
    return True


def _unit_apart(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`30 s`, `30 seconds`."""
    del expected
    found, number = lexemes[at], lexemes[at - 1]
    unit = meant_unit(found.text)
    if at == 0 or number.type != "NUMBER" or unit is None:
        return False
    place = Span(found.origin.path, number.end, found.end)
    found.origin.sink.error(
        "FQL105", f"the unit stands directly behind the number: `{number.text}{unit}`",
        found.span(), label="apart from its number", fix=Fix((Edit(place, unit),)),
    )  # fmt: skip
    return True


def _dashed_key(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`X-Team: "a"` in an object."""
    dash = lexemes[at]
    if dash.text != "-" or "QKEY" not in expected or lexemes[at - 1].type != "NAME":
        return False
    last = next((x for x in lexemes[at:] if x.type == "KEY"), None)
    text = dash.origin.text[lexemes[at - 1].start : last.end] if last is not None else " "
    if last is None or any(c.isspace() for c in text):
        return False
    whole = dash.origin.span(lexemes[at - 1].start, last.end)
    dash.origin.sink.error(
        "FQL101", f"a key with `-` stands in quotes: `\"{text}\"`", whole, label="not a name",
        fix=Fix((Edit(whole, f'"{text}"'),)),
    )  # fmt: skip
    return True


def _quoted_member(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`enum Light { "red" }`."""
    found = lexemes[at]
    if found.type != "STRING" or lexemes[0].type not in ("ENUM", "DOC") or "NAME" not in expected:
        return False
    inner = found.text[1:-1]
    fix = Fix((Edit(found.span(), inner),)) if inner.isidentifier() else None
    say(found, "members of an enum stand without quotes", fix)
    return True


def _bare_path(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> bool:
    """`path: /orders`."""
    found = lexemes[at]
    if found.text != "/" or lexemes[at - 1].type != "_COLON" or "STRING" not in expected:
        return False
    text = found.origin.text
    end = found.end
    while end < len(text) and not text[end].isspace() and text[end] not in "\"',}":
        end += 1
    whole = found.origin.span(found.start, end)
    written = f'"{text[found.start : end]}"'
    found.origin.sink.error(
        "FQL101", f"a text stands in quotes: `{written}`", whole, label="expected a value here",
        fix=Fix((Edit(whole, written),)),
    )  # fmt: skip
    return True


_Shape = Callable[[list[Lexeme], int, AbstractSet[str]], bool]
_SHAPES: tuple[_Shape, ...] = (
    _question, _if_else, _shift, _bang, _brackets, _let_colon, _unit_apart, _dashed_key,
    _quoted_member, _bare_path,
)  # fmt: skip
