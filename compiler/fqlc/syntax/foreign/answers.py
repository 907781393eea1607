"""FQL104 for a spelling of another language, with the fix that writes what is meant."""

from __future__ import annotations

from fqlc.diagnostics.model import Edit, Fix
from fqlc.syntax.reading.lexemes import Lexeme


def report(
    lexeme: Lexeme, meant: str, message: str, *, last: Lexeme | None = None, tight: bool = False
) -> None:
    """The lexeme, up to `last`, is written as `meant`; `tight` takes the blanks before it along."""
    text, start = lexeme.origin.text, lexeme.start
    while tight and text[start - 1] in " \t":
        start -= 1
    span = lexeme.origin.span(start, (last or lexeme).end)
    say(lexeme, message, Fix((Edit(span, meant),)), last)


def say(
    lexeme: Lexeme,
    message: str,
    fix: Fix | None,
    last: Lexeme | None = None,
    advice: tuple[str, ...] = (),
) -> None:
    """The lexeme, up to `last`, is foreign."""
    lexeme.origin.sink.error(
        "FQL104",
        message,
        lexeme.origin.span(lexeme.start, (last or lexeme).end),
        label="a spelling of another language",
        help=advice,
        fix=fix,
    )
