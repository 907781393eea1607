"""Brackets of a broken declaration: which are open, and a balanced row to go on with."""

from __future__ import annotations

from dataclasses import dataclass, field

from fql_grammar.tokens import BRACKETS, CLOSER_OF, CLOSERS, OPENERS, SIGNS
from fqlc.syntax.reading.lexemes import Lexeme


@dataclass(slots=True)
class Balanced:
    """`lexemes` with closers put in (their text is empty) and stray ones left out. `unclosed`
    are openers with the lexeme that shows it: a closer of another kind, what begins a line that is
    indented too little, or None for the end."""

    lexemes: list[Lexeme] = field(default_factory=list)
    unclosed: list[tuple[Lexeme, Lexeme | None]] = field(default_factory=list)
    stray: list[Lexeme] = field(default_factory=list)


def balance(lexemes: list[Lexeme]) -> Balanced:
    """Match the brackets of a row of lexemes. Where one is not closed, the indentation of lines
    tells which, if it explains all of them."""
    plain = _by_kind(lexemes)
    if not plain.unclosed:
        return plain
    indented = _by_indentation(lexemes)
    explains = len(indented.unclosed) == len(plain.unclosed) and not indented.stray
    return indented if explains else plain


def fits_indentation(lexemes: list[Lexeme]) -> bool:
    """True when every bracket is closed, and no line is further out than what is open."""
    result = _by_indentation(lexemes)
    return not result.unclosed and not result.stray


def _by_indentation(lexemes: list[Lexeme]) -> Balanced:
    """Match brackets, taking a line that begins no deeper than an opener's as its end."""
    result = Balanced()
    stack: list[tuple[Lexeme, int]] = []
    last_end, depth = 0, 0
    for lexeme in lexemes:
        begins = "\n" in lexeme.origin.text[last_end : lexeme.start] or not result.lexemes
        last_end = lexeme.end
        if begins:
            depth = lexeme.start - lexeme.origin.text.rfind("\n", 0, lexeme.start)
        closes = lexeme.type in CLOSERS
        while begins and stack and (depth < stack[-1][1] or (depth == stack[-1][1] and not closes)):
            _put_in(result, stack.pop()[0], lexeme)
        if lexeme.type in OPENERS:
            stack.append((lexeme, depth))
        elif closes:
            if not stack or CLOSER_OF[stack[-1][0].type] != lexeme.type:
                result.stray.append(lexeme)
                continue
            stack.pop()
        result.lexemes.append(lexeme)
    while stack:
        _put_in(result, stack.pop()[0], None)
    return result


def _by_kind(lexemes: list[Lexeme]) -> Balanced:
    """Match the brackets by their kinds alone, once through."""
    result = Balanced()
    stack: list[Lexeme] = []
    for lexeme in lexemes:
        if lexeme.type in OPENERS:
            stack.append(lexeme)
        elif lexeme.type in CLOSERS and not _close(result, stack, lexeme):
            continue
        result.lexemes.append(lexeme)
    while stack:
        _put_in(result, stack.pop(), None)
    return result


_CLOSING = {SIGNS[sign]: closer for sign, closer in BRACKETS.items()}


def closer_text(opener: Lexeme) -> str:
    """The sign that closes an opener."""
    return _CLOSING[opener.type]


def _close(result: Balanced, stack: list[Lexeme], lexeme: Lexeme) -> bool:
    """Take the partner of a closer off the stack; False for a closer without partner."""
    if all(CLOSER_OF[opener.type] != lexeme.type for opener in stack):
        result.stray.append(lexeme)
        return False
    while CLOSER_OF[stack[-1].type] != lexeme.type:
        _put_in(result, stack.pop(), lexeme)
    stack.pop()
    return True


def _put_in(result: Balanced, opener: Lexeme, found: Lexeme | None) -> None:
    result.unclosed.append((opener, found))
    place = result.lexemes[-1].end
    result.lexemes.append(Lexeme(CLOSER_OF[opener.type], place, place, "", opener.origin))
