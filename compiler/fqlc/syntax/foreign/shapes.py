"""Shapes of other languages that show only where reading stops: FQL104 in the place of FQL101."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.foreign.answers import foreign
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.numbers import meant_unit

_FAR = 40
"""How many lexemes back an `if` may stand from its `else`."""


def answer_shape(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """What to say of the shape that the lexeme at `at` belongs to; None where there is none."""
    return next((found for shape in _SHAPES if (found := shape(lexemes, at, expected))), None)


def _question(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`test ? a : b`."""
    found = lexemes[at]
    if found.text != "?" or "QUESTION" in expected:
        return None
    return foreign(found, "there is no `test ? a : b`", advice=_INSTEAD_OF_A_CHOICE)


def _if_else(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`a if test else b`."""
    del expected
    if lexemes[at].type != "ELSE":
        return None
    words = (x for x in reversed(lexemes[max(at - _FAR, 0) : at]) if x.text == "if")
    word = next(words, None)
    if word is None:
        return None
    return foreign(word, "there is no `a if test else b`", advice=_INSTEAD_OF_A_CHOICE)


_INSTEAD_OF_A_CHOICE = (
    'choose in a text: `"{% if test %}a{% else %}b{% endif %}"`',
    "or write two actions, each with its `when`",
)


def _shift(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`a >> b`, as Airflow joins tasks."""
    if lexemes[at].text != ">" or "_ARROW" not in expected:
        return None
    last = lexemes[at + 1] if [x.text for x in lexemes[at + 1 : at + 2]] == [">"] else lexemes[at]
    return foreign(lexemes[at], "an edge is spelled `->`", "->", last=last)


def _bang(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`ID!`, as GraphQL marks what is not null."""
    found = lexemes[at]
    if found.text != "!" or not expected >= {"QUESTION", "AT"}:
        return None
    help_ = ("types are never null unless they are marked: `ID?`",)
    return foreign(found, "types have no `!` here", "", advice=help_)


def _brackets(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`String[]`."""
    found = lexemes[at]
    closed = at + 1 < len(lexemes) and lexemes[at + 1].type == "RBRACKET"
    if found.text != "[" or not closed or not expected >= {"QUESTION", "AT"}:
        return None
    name, last = lexemes[at - 1], lexemes[at + 1]
    whole = Span(name.origin.path, name.start, last.end)
    written = f"[{name.text}]"
    fix = Fix((Edit(whole, written),))
    return foreign(found, f"a list is spelled `{written}` here", fix=fix)


def _let_colon(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`let limit: 5`."""
    del expected
    if at == 0 or lexemes[at - 1].type != "LET" or lexemes[at].type != "KEY":
        return None
    colon = next((x for x in lexemes[at + 1 : at + 2] if x.text == ":"), None)
    fix = None
    if colon is not None:
        path = colon.origin.path
        fix = Fix((Edit(Span(path, lexemes[at].end, colon.end), " ="),))
    return foreign(lexemes[at], "a constant is written with `=`: `let name = value`", fix=fix)


def _unit_apart(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`30 s`, `30 seconds`."""
    del expected
    found, number = lexemes[at], lexemes[at - 1]
    unit = meant_unit(found.text)
    if at == 0 or number.type != "NUMBER" or unit is None:
        return None
    place = Span(found.origin.path, number.end, found.end)
    return Diagnostic(
        "FQL105", f"write the unit right after the number: `{number.text}{unit}`", found.span(),
        label="apart from its number", fix=Fix((Edit(place, unit),)),
    )  # fmt: skip


def _dashed_key(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`X-Team: "a"` in an object."""
    dash = lexemes[at]
    if dash.text != "-" or "QKEY" not in expected or lexemes[at - 1].type != "NAME":
        return None
    last = next((x for x in lexemes[at:] if x.type == "KEY"), None)
    text = dash.origin.text[lexemes[at - 1].start : last.end] if last is not None else " "
    if last is None or any(c.isspace() for c in text):
        return None
    whole = dash.origin.span(lexemes[at - 1].start, last.end)
    return Diagnostic(
        "FQL101", f"a key with `-` must be quoted: `\"{text}\"`", whole, label="not a name",
        fix=Fix((Edit(whole, f'"{text}"'),)),
    )  # fmt: skip


def _quoted_member(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`enum Light { "red" }`."""
    found = lexemes[at]
    if found.type != "STRING" or lexemes[0].type not in ("ENUM", "DOC") or "NAME" not in expected:
        return None
    inner = found.text[1:-1]
    meant = inner if inner.isidentifier() else None
    return foreign(found, "members of an enum are written without quotes", meant)


def _bare_path(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`path: /orders`."""
    found = lexemes[at]
    if found.text != "/" or lexemes[at - 1].type != "_COLON" or "STRING" not in expected:
        return None
    text = found.origin.text
    end = found.end
    while end < len(text) and not text[end].isspace() and text[end] not in "\"',}":
        end += 1
    whole = found.origin.span(found.start, end)
    written = f'"{text[found.start : end]}"'
    return Diagnostic(
        "FQL101", f"a text must be quoted: `{written}`", whole, label="expected a value here",
        fix=Fix((Edit(whole, written),)),
    )  # fmt: skip


_Shape = Callable[[list[Lexeme], int, AbstractSet[str]], Diagnostic | None]
_SHAPES: tuple[_Shape, ...] = (
    _question, _if_else, _shift, _bang, _brackets, _let_colon, _unit_apart, _dashed_key,
    _quoted_member, _bare_path,
)  # fmt: skip
