"""What a sign makes of the lexemes before it: words have their meaning by what is around them."""

from __future__ import annotations

from fqlc.syntax.reading.lexemes import Lexeme


def is_let_sign(last: list[Lexeme]) -> bool:
    """True for the `=` of `let name =` after the last two lexemes."""
    return any(x.type == "LET" for x in last)


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
