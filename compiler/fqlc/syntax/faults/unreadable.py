"""What the lexer says of stretches that are no token (FQL103, FQL105)."""

from __future__ import annotations

from fqlc.syntax.reading.lexemes import Origin


def open_string(origin: Origin, start: int, end: int) -> None:
    """A text in quotes that ends with its line."""
    origin.sink.error(
        "FQL103",
        "a text is not closed on its line",
        origin.span(start, end),
        label=f"no `{origin.text[start]}` follows on this line",
        help=('close it, or write a text of several lines between `"""` and `"""`',),
    )


def open_triple(origin: Origin, start: int) -> None:
    """A text in triple quotes without an end."""
    origin.sink.error(
        "FQL103",
        'a text in `"""` is not closed',
        origin.span(start, start + 3),
        label="opened here",
        help=('write `"""` behind its end',),
    )


def wide_word(origin: Origin, start: int, end: int) -> None:
    """A name with letters beyond ASCII."""
    origin.sink.error(
        "FQL105",
        f"`{origin.text[start:end][:40]}` has letters that names cannot have",
        origin.span(start, end),
        label="names are of `A-Z a-z 0-9 _`",
        help=("a column of another name is given by `@column(...)`",),
    )


def unknown_characters(origin: Origin, start: int, end: int) -> None:
    """Characters that begin nothing, with advice for the usual ones."""
    written = origin.text[start:end]
    shown = written if written.isprintable() and len(written) <= 20 else ascii(written[:20])
    smart = any(c in "\u2018\u2019\u201c\u201d" for c in written)
    origin.sink.error(
        "FQL105",
        f"`{shown}` has no meaning outside of a text",
        origin.span(start, end),
        label="unknown character" if end == start + 1 else "unknown characters",
        help=_advice(smart=smart, environment=written == "$"),
    )


def _advice(*, smart: bool, environment: bool) -> tuple[str, ...]:
    if smart:
        return ("texts stand between straight quotes: \"text\" or 'text'",)
    if environment:
        return ('references to the environment stand inside a text: "${NAME}"',)
    return ()
