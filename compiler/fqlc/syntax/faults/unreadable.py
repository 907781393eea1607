"""What the lexer says of stretches that are not tokens (FQL103, FQL105)."""

from __future__ import annotations

from fqlc.diagnostics.model import Diagnostic, Edit, Fix, Severity
from fqlc.source.text import Span
from fqlc.syntax.reading.lexemes import Origin


def open_string(origin: Origin, start: int, end: int) -> None:
    """A text in quotes that ends with its line."""
    _report(
        origin, "FQL103", "a text is not closed on its line", origin.span(start, end),
        f"no `{origin.text[start]}` follows on this line", _SEVERAL_LINES,
    )  # fmt: skip


def text_over_lines(origin: Origin, start: int, end: int) -> None:
    """A text in quotes that is closed on a later line."""
    first = origin.span(start, origin.text.index("\n", start))
    quotes = ((start, start + 1), (end - 1, end))
    plain = '"""' not in origin.text[start:end]
    edits = tuple(Edit(origin.span(*quote), '"""') for quote in quotes)
    _report(
        origin, "FQL103", "a text in quotes ends on its line", first,
        "continues past the end of the line", _SEVERAL_LINES,
        Fix(edits, safe=False) if plain else None,
    )  # fmt: skip


_SEVERAL_LINES = ('close it, or write a text of several lines between `"""` and `"""`',)


def open_triple(origin: Origin, start: int) -> None:
    """A text in triple quotes without an end."""
    _report(
        origin, "FQL103", 'a text in `"""` is not closed', origin.span(start, start + 3),
        "opened here", ('write `"""` after its end',),
    )  # fmt: skip


def wide_word(origin: Origin, start: int, end: int) -> None:
    """A name with letters beyond ASCII."""
    origin.sink.error(
        "FQL105",
        f"`{origin.text[start:end][:40]}` has letters that names cannot have",
        origin.span(start, end),
        label="names consist of `A-Z a-z 0-9 _`",
        help=("give the name of the column with `@column(...)`",),
    )


def too_deep(origin: Origin, start: int, end: int, limit: int) -> None:
    """A bracket inside `limit` others."""
    origin.sink.error(
        "FQL390",
        f"brackets are nested more than {limit} deep",
        origin.span(start, end),
        label=f"opens level {limit + 1}",
    )


def unknown_characters(origin: Origin, start: int, end: int) -> None:
    """Characters that begin nothing, with advice for the usual ones."""
    written = origin.text[start:end]
    shown = written if written.isprintable() and len(written) <= 20 else ascii(written[:20])
    smart = any(c in "\u2018\u2019\u201c\u201d" for c in written)
    _report(
        origin, "FQL105", f"`{shown}` has no meaning outside a text", origin.span(start, end),
        "unknown character" if end == start + 1 else "unknown characters",
        _advice(smart=smart, environment=written == "$"),
    )  # fmt: skip


def _report(  # noqa: PLR0917 - the fields of a diagnostic, in their order
    origin: Origin,
    code: str,
    message: str,
    span: Span,
    label: str,
    advice: tuple[str, ...],
    fix: Fix | None = None,
) -> None:
    """Report it, and note that what is around it hangs on this."""
    found = Diagnostic(
        code=code,
        message=message,
        span=span,
        severity=Severity.ERROR,
        label=label,
        labels=(),
        help=advice,
        fix=fix,
    )
    origin.unreadable.append(found)
    origin.sink.add(found)


def _advice(*, smart: bool, environment: bool) -> tuple[str, ...]:
    if smart:
        return ("texts have straight quotes: \"text\" or 'text'",)
    if environment:
        return ('references to the environment are part of a text: "${NAME}"',)
    return ()
