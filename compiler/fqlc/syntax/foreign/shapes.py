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


def _import_names(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`import { Order } from "shop.fql"`."""
    del at, expected
    path = next((x for x in lexemes if x.type == "STRING"), None)
    if lexemes[0].type != "IMPORT" or path is None:
        return None
    text = "an import names a file; all its declarations are there then"
    return foreign(lexemes[0], text, f"import {path.text}", last=path)


def _lambda(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`lambda o: o.total`, `(o) => o.total`."""
    del expected
    for word in lexemes[max(at - 1, 0) : at + 1]:
        if word.text in ("lambda", "=>"):
            advice = ("write the condition itself; fields stand by their names",)
            return foreign(word, "there are no functions to write here", advice=advice)
    return None


_SAY_INSTEAD = {
    "::": ("there is no `::`", "members and fields stand by their names; a type is converted by a "
           "method such as `.to_decimal()`"),
    "**": ("there is no `**`", "multiply: `x * x`"),
    "!~": ("`!~` is a method here", 'write `!text.matches("pattern")`'),
    "..<": ("there is no `..<`", "the end of a range counts: `500..599`"),
    ":=": ("there is no `:=`", "a key is followed by `:`, the name of a `let` by `=`"),
}  # fmt: skip


_MULTI_LINE = ('a text of several lines stands between `"""`', ())
_FOUND = {
    "..": ("a range stands in status lists only", ("compare with `>=` and `<=`",)),
    "{": ("a call has parentheses", ("write `list.any(x, ...)`",)),
    "for": ("there are no comprehensions", ("write `list.any(x, ...)` or `list.all(x, ...)`",)),
    "as": ("there is no cast", ("convert by a method, such as `.to_decimal()`",)),
    "is": ("`is` is spelled `==` here", ()),
    "DESC": ("an order has no direction", ("runs go in the order of the source",)),
    "ASC": ("an order has no direction", ("runs go in the order of the source",)),
    "||": ("the item of a list is named first", ("write `list.any(x, ...)`",)),
    "*": ("there are no aliases", ("name it: `retry: patient`, or spread it: `{ ...patient }`",)),
    "<": ("there is no merge key", ("spread a policy: `{ ...patient, max_attempts: 8 }`",)),
}  # fmt: skip
"""What is said of a lexeme where reading stops, by its text."""


_CHOOSING = frozenset({"case", "match", "switch", "if", "typeof"})


def _word_before(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`CASE WHEN`, `match x`, `if let`, `typeof x`: a word that is taken for a name."""
    del expected
    before = lexemes[at - 1] if at > 0 else lexemes[0]
    if before.type != "NAME" or before.text.lower() not in _CHOOSING:
        return None
    return foreign(before, f"there is no `{before.text}` here", advice=_INSTEAD_OF_A_CHOICE)


def _found(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """A word or sign of another language, known by what it is and by what was expected."""
    found, text = lexemes[at], lexemes[at].text
    if text == "||" and lexemes[at - 1].type == "_COLON" and "STRING" in expected:
        return foreign(found, _MULTI_LINE[0])
    wanted = {"{": "DOT", "||": "RPAREN", "*": "STRING", "<": "QKEY"}.get(text, "OP")
    if text not in _FOUND or wanted not in expected:
        return None
    message, advice = _FOUND[text]
    return foreign(found, message, advice=advice)


def _bang(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`x!`, `x!!`, `x !in list`."""
    found = lexemes[at]
    if found.text != "!" or "OP" not in expected:
        return None
    after = lexemes[at + 1 : at + 2]
    if after and after[0].text in ("in", "IN"):
        return foreign(found, "`!in` is spelled `not in` here", "not in", last=after[0])
    advice = ("test it with `!= null` first, or give a default: `(value ?? ...)`",)
    return foreign(found, "there is no `!` after a value", advice=advice)


def _sign(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """Signs of other languages that mean nothing here."""
    found = lexemes[at]
    if found.type != "FOREIGN":
        return None
    if found.text == "**" and "SPREAD" in expected:
        return foreign(found, "a spread is spelled `...` here", "...")
    if found.text.startswith("<<"):
        return foreign(found, 'a text of several lines stands between `"""`')
    if found.text.startswith("/"):
        advice = ('write `text.matches("pattern")`',)
        return foreign(found, "there are no patterns between slashes", advice=advice)
    message, advice_ = _SAY_INSTEAD.get(found.text, ("", ""))
    return foreign(found, message, advice=(advice_,)) if message else None


def _shift(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`a >> b`, as Airflow joins tasks."""
    if lexemes[at].text != ">" or "_ARROW" not in expected:
        return None
    last = lexemes[at + 1] if [x.text for x in lexemes[at + 1 : at + 2]] == [">"] else lexemes[at]
    return foreign(lexemes[at], "an edge is spelled `->`", "->", last=last)


def _let_colon(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """`let limit: 5`, `let limit: Int = 5`, `let mut limit = 5`."""
    del expected
    name = lexemes[at]
    text = name.origin.text
    if at == 0 or name.type not in ("KEY", "NAME"):
        return None
    if lexemes[at - 1].type == "NAME" and lexemes[max(at - 2, 0)].type == "LET":
        word = lexemes[at - 1]
        fix = Fix((Edit(name.origin.span(word.start, name.start), ""),))
        return foreign(word, f"there is no `{word.text}` before the name of a `let`", fix=fix)
    if lexemes[at - 1].type != "LET" or name.type != "KEY":
        return None
    line = [x for x in lexemes[at + 1 : at + 12] if "\n" not in text[name.end : x.start]]
    sign = next((x for x in line if text[x.start : x.end] == "="), None)
    if sign is not None:
        fix = Fix((Edit(name.origin.span(name.end, sign.start), " "),))
        return foreign(name, f"a constant has no type: `let {name.text} = ...`", fix=fix)
    colon = Edit(name.origin.span(name.end, line[0].end), " =") if line else None
    said = "a constant is written with `=`: `let name = value`"
    return foreign(name, said, fix=Fix((colon,)) if colon is not None else None)


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
    _import_names, _lambda, _word_before, _bang, _found, _sign, _question, _if_else, _shift,
    _let_colon, _unit_apart, _dashed_key, _quoted_member, _bare_path,
)  # fmt: skip
