"""Spellings of other languages: answered with FQL104 and a fix, then read as what they mean."""

from __future__ import annotations

from fqlc.diagnostics.model import Edit, Fix
from fqlc.syntax import ast
from fqlc.syntax.lexemes import Lexeme
from fqlc.syntax.lexer import Lexed

MAX_SUSPECTS = 10_000
"""Behind so many suspects of a file, foreign spellings are no longer told from other mistakes."""

_WORD_VALUES = {
    "None": "null", "nil": "null", "NULL": "null", "undefined": "null",
    "True": "true", "TRUE": "true", "False": "false", "FALSE": "false",
}  # fmt: skip
_OPERATORS = {"===": "==", "!==": "!=", "<>": "!=", "&": "&&", "|": "||", "and": "&&", "or": "||"}
_ENDS_OPERAND = frozenset(
    {"NAME", "STRING", "NUMBER", "WORD", "RPAREN", "RBRACKET", "RBRACE", "QUESTION"}
)
_BEGINS_OPERAND = frozenset(
    {"NAME", "STRING", "NUMBER", "WORD", "LPAREN", "LBRACKET", "BANG", "MINUS", "EACH"}
)
_BEFORE_OPERAND = frozenset(
    {"_COLON", "EQUALS", "LPAREN", "LBRACKET", "OP", "MINUS", "BANG", "SPREAD", "_COMMA"}
)


def repair(lexed: Lexed) -> list[Lexeme]:
    """The lexemes without foreign spellings; those found are reported at their place."""
    if not lexed.suspects:
        return lexed.lexemes
    reader = _Reader(lexed)
    for index in lexed.suspects[:MAX_SUSPECTS]:
        reader.answer(index)
    return lexed.lexemes


class _Reader:
    """Judges a suspect by its neighbours."""

    def __init__(self, lexed: Lexed) -> None:
        self._lexemes = lexed.lexemes
        self._known = {x.text for x in lexed.lexemes if x.type == "KEY"} | _members(lexed.lexemes)

    def answer(self, index: int) -> None:
        """Report the lexeme at `index` when it is foreign, and retype it."""
        lexeme = self._lexemes[index]
        if lexeme.type == "KEY":
            return
        if lexeme.text == "=":
            self._equals(index, lexeme)
        elif lexeme.text in _OPERATORS:
            self._operator(index, lexeme)
        elif lexeme.text in _WORD_VALUES:
            self._word(index, lexeme)
        elif lexeme.text == "is":
            self._is(index, lexeme)
        elif lexeme.text.startswith("el"):
            self._else(index, lexeme)
        elif lexeme.text == "=>":
            self._arrow(index, lexeme)
        else:
            _answer_rest(lexeme)

    def _near(self, index: int) -> Lexeme | None:
        return self._lexemes[index] if 0 <= index < len(self._lexemes) else None

    def _type(self, index: int) -> str:
        near = self._near(index)
        return near.type if near is not None else ""

    def _equals(self, index: int, lexeme: Lexeme) -> None:
        """`=` after a key on its own line means `:`, elsewhere `==`."""
        key = self._near(index - 1)
        if key is not None and key.type == "NAME" and self._at_entry(index - 1):
            _report(lexeme, ":", "`key: value` is written with a colon", tight=True)
            key.type, lexeme.type = "KEY", "_COLON"
            return
        _report(lexeme, "==", "`=` does not compare; `==` does")
        lexeme.type, lexeme.text = "OP", "=="

    def _at_entry(self, index: int) -> bool:
        """True when an entry of a block or object can begin with this lexeme."""
        before = self._near(index - 1)
        if before is None or before.type in ("LBRACE", "_COMMA"):
            return before is not None
        return before.type in _ENDS_OPERAND

    def _operator(self, index: int, lexeme: Lexeme) -> None:
        meant = _OPERATORS[lexeme.text]
        if lexeme.type == "NAME" and not self._between_operands(index):
            return
        _report(lexeme, meant, f"`{lexeme.text}` is spelled `{meant}` here")
        lexeme.type, lexeme.text = "OP", meant

    def _between_operands(self, index: int) -> bool:
        before, behind = self._type(index - 1), self._type(index + 1)
        shorts = before == "NAME" and self._type(index - 2) in ("LBRACE", "_COMMA")
        ends = before in _ENDS_OPERAND and before != "RBRACE"
        return ends and behind in _BEGINS_OPERAND and not shorts

    def _word(self, index: int, lexeme: Lexeme) -> None:
        if lexeme.text in self._known or self._type(index - 1) not in _BEFORE_OPERAND:
            return
        if self._type(index + 1) in ("DOT", "LPAREN", "LBRACE"):
            return
        meant = _WORD_VALUES[lexeme.text]
        _report(lexeme, meant, f"`{lexeme.text}` is spelled `{meant}` here")
        lexeme.type, lexeme.text = "WORD", meant

    def _is(self, index: int, lexeme: Lexeme) -> None:
        """`is null`, `is not null`."""
        before = self._type(index - 1)
        negated = self._near(index + 1)
        skip = 2 if negated is not None and negated.text in ("not", "NOT") else 1
        value = self._near(index + skip)
        if before not in _ENDS_OPERAND or value is None:
            return
        if value.type != "WORD" and value.text not in _WORD_VALUES:
            return
        meant = "!=" if skip == 2 else "=="
        last = negated if skip == 2 and negated is not None else lexeme
        _report(lexeme, meant, f"compare with `{meant}`", last=last)
        lexeme.type, lexeme.text = "OP", meant
        if skip == 2:
            last.type = "SKIP"

    def _else(self, index: int, lexeme: Lexeme) -> None:
        if self._type(index - 1) == "NAME" and self._type(index + 1) in ("NAME", "LBRACKET"):
            _report(lexeme, "else", "a failure edge is spelled `else`")
            lexeme.type = "ELSE"

    def _arrow(self, index: int, lexeme: Lexeme) -> None:
        """`=>` points in a flow and compares elsewhere."""
        if self._in_flow(index):
            _report(lexeme, "->", "an edge is spelled `->`")
            lexeme.type = "_ARROW"
            return
        _report(lexeme, ">=", "`=>` is spelled `>=` here")
        lexeme.type, lexeme.text = "OP", ">="

    def _in_flow(self, index: int) -> bool:
        """True when only what a flow holds stands between `flow {` and here."""
        for lexeme in reversed(self._lexemes[max(0, index - 200) : index]):
            if lexeme.type == "FLOW":
                return True
            if lexeme.type in ("KEY", "OP", "RBRACE", "STRING", "NUMBER"):
                return False
        return False


def _members(lexemes: list[Lexeme]) -> set[str]:
    """Words that an enum of this file declares."""
    found: set[str] = set()
    inside = False
    for lexeme in lexemes:
        if lexeme.type == "ENUM":
            inside = True
        elif lexeme.type == "RBRACE":
            inside = False
        elif inside and lexeme.type == "NAME":
            found.add(lexeme.text)
    return found


def _answer_rest(lexeme: Lexeme) -> None:
    """Semicolons, comments of other languages and urls without quotes."""
    text = lexeme.text
    if text == ";":
        _report(lexeme, "", "entries need no `;` between them")
        lexeme.type = "SKIP"
    elif text.startswith("//"):
        first = lexeme.origin.span(lexeme.start, lexeme.start + 2)
        _say(lexeme, "comments begin with `#`", Fix((Edit(first, "#"),)))
        lexeme.type = "SKIP"
    elif text.startswith("/*"):
        _say(lexeme, "comments begin with `#`, on each line", None)
        lexeme.type = "SKIP"
    elif text.startswith("http"):
        whole = lexeme.span()
        _say(lexeme, "a url stands in quotes", Fix((Edit(whole, f'"{text}"'),)))
        lexeme.type = "STRING"
        lexeme.value = _bare_text(lexeme)


def _bare_text(lexeme: Lexeme) -> ast.StringLiteral:
    """The text as if it stood in quotes."""
    offsets = range(lexeme.start, lexeme.end + 1)
    return ast.StringLiteral(span=lexeme.span(), value=lexeme.text, offsets=offsets)


def _report(
    lexeme: Lexeme, meant: str, message: str, *, last: Lexeme | None = None, tight: bool = False
) -> None:
    """FQL104 with the fix that writes what is meant."""
    text, start = lexeme.origin.text, lexeme.start
    while tight and text[start - 1] in " \t":
        start -= 1
    span = lexeme.origin.span(start, (last or lexeme).end)
    _say(lexeme, message, Fix((Edit(span, meant),)), last)


def _say(lexeme: Lexeme, message: str, fix: Fix | None, last: Lexeme | None = None) -> None:
    lexeme.origin.sink.error(
        "FQL104",
        message,
        lexeme.origin.span(lexeme.start, (last or lexeme).end),
        label="a spelling of another language",
        fix=fix,
    )
