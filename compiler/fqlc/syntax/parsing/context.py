"""What a sign makes of the lexemes before it: words have their meaning by what is around them."""

from __future__ import annotations

from fqlc.syntax.reading.lexemes import Lexed, Lexeme


def is_let_sign(last: list[Lexeme]) -> bool:
    """True for the `=` of `let name =` after the last two lexemes."""
    return any(x.type == "LET" for x in last)


def first_type(lexed: Lexed) -> str:
    """The terminal of the word that begins the declaration."""
    lexemes = lexed.lexemes
    first = lexed.starts[-1] if lexed.starts else 0
    if first < len(lexemes) and lexemes[first].type == "DOC":
        first += 1
    return lexemes[first].type if first < len(lexemes) else ""


def is_field_sign(lexemes: list[Lexeme], brackets: list[str], first: str) -> bool:
    """True for the `=` of a computed field: the first one after its key and type. (In a
    `type` it is refused later, with all of its value.)"""
    if first not in _WITH_FIELDS or brackets != ["{"]:
        return False
    for lexeme in reversed(lexemes[-_LONGEST_TYPE:]):
        if lexeme.type == "KEY":
            return lexemes[-1].type != "_COLON"
        if lexeme.type not in _IN_TYPE:
            return False
    return False


_LONGEST_TYPE = 40
_IN_TYPE = frozenset(
    {"NAME", "QUESTION", "LBRACKET", "RBRACKET", "AT", "LPAREN", "RPAREN", "STRING", "_COLON"}
)


def close(brackets: list[str], opener: str) -> None:
    """Close the innermost bracket of a kind, with those in it; a stray closer closes nothing."""
    if opener in brackets:
        while brackets.pop() != opener:
            pass


def make_flow(last: list[Lexeme]) -> None:
    """`flow` before a brace is the flow block, except for the name of an enum, type or entity."""
    if not last or last[-1].text != "flow" or last[-1].type != "NAME":
        return
    if last[0].type not in ("ENUM", "TYPE", "ENTITY"):
        last[-1].type = "FLOW"


def make_key(previous: Lexeme | None) -> None:
    """The lexeme before a colon is a key, whatever the word means elsewhere."""
    if previous is None:
        return
    if previous.type == "STRING":
        previous.type = "QKEY"
    elif previous.text.isidentifier():
        previous.type = "KEY"


def make_optional_key(last: list[Lexeme], brackets: list[str], first: str) -> bool:
    """Makes a key of the name before `?:` where it begins an entry of an object. Elsewhere `?:` is
    a spelling of another language, and in the fields of a declaration that begins with `first` the
    `?` belongs after the type."""
    if len(last) < 3 or brackets[-1:] != ["{"] or (len(brackets) == 1 and first in _WITH_FIELDS):
        return False
    before, key, _ = last
    begins = before.type in _BEFORE_ENTRY
    if not begins or not (key.type == "STRING" or key.text.isidentifier()):
        return False
    make_key(key)
    return True


_WITH_FIELDS = frozenset({"ENTITY", "TYPE"})
_BEFORE_ENTRY = frozenset(
    {
        "LBRACE",
        "_COMMA",
        "NAME",
        "STRING",
        "NUMBER",
        "WORD",
        "QUESTION",
        "RBRACE",
        "RBRACKET",
        "RPAREN",
    }
)
