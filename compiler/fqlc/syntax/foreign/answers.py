"""FQL104 for a spelling of another language, with the fix that writes what is meant."""

from __future__ import annotations

from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.syntax.reading.lexemes import Lexeme


def foreign(
    lexeme: Lexeme,
    message: str,
    meant: str | None = None,
    *,
    last: Lexeme | None = None,
    advice: tuple[str, ...] = (),
    fix: Fix | None = None,
) -> Diagnostic:
    """The lexeme, up to `last`, is foreign; `meant` is what to write in its place."""
    span = lexeme.origin.span(lexeme.start, (last or lexeme).end)
    if meant is not None:
        fix = Fix((Edit(span, meant),))
    return Diagnostic(
        "FQL104", message, span, label="a spelling of another language", help=advice, fix=fix
    )


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
    """Report that the lexeme, up to `last`, is foreign."""
    lexeme.origin.sink.add(foreign(lexeme, message, last=last, advice=advice, fix=fix))
