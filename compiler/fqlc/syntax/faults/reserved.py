"""Reserved words in places where a name is wanted: FQL101, then read as the name they stand for.

A name is wanted after the word of a declaration and the kind of an action, in an enum, in a flow,
and where a field has its type. In the place of a value a reserved word may be meant otherwise, so
that there it is only said what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from fql_grammar.tokens import CLOSERS, RESERVED, TOP_LEVEL
from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.rows import head_of, partner, same_line

_CALLED = {"let": "a `let`", "retry": "a retry policy"}
_ACTION, _MEMBER, _TYPE = "an action", "an enum member", "a type"
_ENDS_TYPE = CLOSERS | {"QUESTION", "AT", "KEY", "_COMMA", "EQUALS", "DOC"}
_BEFORE_ACTION = CLOSERS | {"LBRACE", "_COMMA", "NAME", "STRING", "NUMBER", "WORD", "DOC"}
_BEFORE_STEP = frozenset({"_ARROW", "LBRACKET", "LBRACE", "_COMMA", "ELSE"})
_BEGIN_VALUE = frozenset({"EACH", "IF", "BANG"})
_AFTER_NAME = CLOSERS | {"OP", "MINUS", "DOT", "QDOT", "QUESTION", "_COMMA", "KEY"}


def is_reserved(lexeme: Lexeme) -> bool:
    """True for a word that cannot be a name where it stands."""
    return RESERVED.get(lexeme.text) == lexeme.type


def read_as_names(row: list[Lexeme]) -> bool:
    """Report the reserved words of a declaration that stand where a name is wanted, and make names
    of them; False where there are none."""
    found: dict[tuple[str, str], list[Lexeme]] = {}
    for lexeme, what in _misplaced(row):
        found.setdefault((lexeme.text, what), []).append(lexeme)
    for (word, what), lexemes in found.items():
        _report_reserved(word, what, lexemes)
        for lexeme in lexemes:
            lexeme.type = "NAME"
    return bool(found)


def advice(row: list[Lexeme], at: int) -> tuple[str, ...]:
    """What a reserved word is, where reading stops at it or after it and a name may be meant."""
    behind = at - 1 if at > 0 and row[at - 1].type in _BEGIN_VALUE else at
    index = at if at < len(row) and is_reserved(row[at]) else behind
    if index >= len(row) or not (is_reserved(row[index]) and _stands_alone(row, index)):
        return ()
    word = row[index].text
    return (
        f"`{word}` is a reserved word and cannot be a name here; "
        f"a field of this name is written `new.{word}`",
    )


def _stands_alone(row: list[Lexeme], at: int) -> bool:
    """True for a word after which something follows as it does after a name."""
    after = row[at + 1 : at + 2]
    return not after or after[0].type in _AFTER_NAME or not same_line(row[at], after[0])


def _report_reserved(word: str, what: str, lexemes: list[Lexeme]) -> None:
    """One report for all places of a declaration where the same is called by the word."""
    first = lexemes[0]
    member = what == _MEMBER
    edits = tuple(Edit(one.span(), f"{word}_") for one in lexemes)
    said = Diagnostic(
        "FQL101",
        f"`{word}` is a reserved word and cannot be the name of {what}",
        first.span(),
        label="a reserved word",
        help=(_HELP_OF_MEMBER.format(word),) if member else (),
        fix=None if member else Fix(edits, safe=False),
    )
    for lexeme in lexemes:
        first.origin.sink.cause(said, lexeme.span())


_HELP_OF_MEMBER = (
    "a member is a value of the column: give the field the type `String`, and compare it with "
    '`"{}"`'
)


# Where names are wanted ------------------------------------------------------


def _misplaced(row: list[Lexeme]) -> Iterator[tuple[Lexeme, str]]:
    """The reserved words that stand for a name, each with what it is the name of."""
    first = head_of(row)
    named = row[first + 1 : first + 2]
    if named and is_reserved(named[0]) and row[first].text in TOP_LEVEL:
        kind = row[first].text
        article = "an" if kind[0] in "aeiou" else "a"
        yield named[0], _CALLED.get(kind, f"{article} {kind}")
    body = row[first + 2 :]
    if row[first].type == "ENUM":
        yield from ((lexeme, _MEMBER) for lexeme in body if is_reserved(lexeme))
    elif row[first].type in ("TYPE", "ENTITY"):
        yield from _types(body)
    elif row[first].type == "NAME":
        yield from _names_of_actions(body)


def _types(body: list[Lexeme]) -> Iterator[tuple[Lexeme, str]]:
    """Those directly after the colon of a field."""
    for index, lexeme in enumerate(body):
        after = body[index + 1 : index + 2]
        if is_reserved(lexeme) and (not after or after[0].type in _ENDS_TYPE):
            before = index - 1
            while before > 0 and body[before].type == "LBRACKET":
                before -= 1
            if before > 0 and body[before].type == "_COLON":
                yield lexeme, _TYPE


def _names_of_actions(body: list[Lexeme]) -> Iterator[tuple[Lexeme, str]]:
    """Those after the kind of a block, and the steps of flows."""
    until = 0
    for index, lexeme in enumerate(body):
        if lexeme.type == "FLOW":
            end = partner(body, index + 1) or len(body)
            yield from _steps(body[index + 1 : end])
            until = end
        elif index >= until and is_reserved(lexeme) and _is_behind_kind(body, index):
            yield lexeme, _ACTION


def _is_behind_kind(body: list[Lexeme], index: int) -> bool:
    """True between the kind of a block and its brace, where a block can begin."""
    if [x.type for x in body[index - 1 : index + 2 : 2]] != ["NAME", "LBRACE"]:
        return False
    return index < 2 or body[index - 2].type in _BEFORE_ACTION


def _steps(flow: list[Lexeme]) -> Iterator[tuple[Lexeme, str]]:
    """Steps of a flow; `else` is one only where nothing else can be."""
    for before, lexeme in pairwise(flow):
        if is_reserved(lexeme) and (lexeme.type != "ELSE" or before.type in _BEFORE_STEP):
            yield lexeme, _ACTION
