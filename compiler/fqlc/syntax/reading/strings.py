"""Quoted texts: escapes, `${NAME}` references, dedenting, and where each character is."""

from __future__ import annotations

import re

from fql.plan.environment import reference_at
from fql_grammar.tokens import ESCAPES, TOP_LEVEL
from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.reading.lexemes import Origin
from fqlc.syntax.reading.other_languages import foreign
from fqlc.syntax.tree import ast

_WORKFLOW = re.compile(r"\$\{\{\s*(?:(?:secrets|env|vars)\.)?([A-Za-z_]\w*)\s*\}\}", re.ASCII)
"""A secret or variable as workflows of GitHub and others write it."""
_UNICODE = re.compile(r"u\{([0-9A-Fa-f]{1,6})\}")
_MOST_BEHIND = 2_000
"""So far after the line of a text its end is looked for."""
REGEX = re.compile(r"/(?![/*\s])(?:[^/\\\n]|\\[^\n])+/[a-z]*(?=[\s.,)}\]]|$)")
"""A pattern as JavaScript, Perl and Ruby write it."""
_HEREDOC = re.compile(r"<<[-~]?([A-Z_]{2,})[^\n]*\n(?:[^\n]*\n)*?[ \t]*\1\b")
_BEGINNING = re.compile(rf'^(?:{"|".join(TOP_LEVEL)})\b|"""', re.MULTILINE)
_INDENT = re.compile(r"[ \t]*")


def read_string(origin: Origin, start: int, end: int, *, closed: bool = True) -> ast.StringLiteral:
    """The literal of a text in single or double quotes; reports FQL103 on bad escapes."""
    last = end - 1 if closed else end
    body = origin.text[start + 1 : last]
    quote = origin.text[start]
    span = Span(origin.path, start, end)
    if "\\" not in body and "$" not in body:
        return ast.StringLiteral(
            span=span, value=body, offsets=range(start + 1, last + 1), quote=quote
        )
    return _Decoder(origin, report=True).literal(span, [(start + 1, last)], last, quote=quote)


def end_on_later_line(text: str, start: int, end: int) -> int | None:
    """Where a text ends that begins at `start` and is not closed on its line, which ends at
    `end`: on the next line with such a quote, when their number there is odd, unless a declaration
    begins before."""
    quote = text[start]
    found = text.find(quote, end, end + _MOST_BEHIND)
    if found < 0 or _BEGINNING.search(text, end, found) is not None:
        return None
    line_end = text.find("\n", found)
    rest = text[found : line_end if line_end >= 0 else len(text)]
    odd = (rest.count(quote) - rest.count(f"\\{quote}")) % 2
    return found + 1 if odd else None


LINE_OF_DOC = re.compile(r'"""(?!")[^\r\n]*\w[^\r\n]*')
"""A line on which documentation begins and says something."""


def may_swallow(text: str, start: int, end: int) -> bool:
    """True for a text in triple quotes that may have no end of its own: the quotes that end it have
    words before them or after them on their line, as those have at which a text begins."""
    first = text.find("\n", start, end)
    if first < 0 or LINE_OF_DOC.match(text, start, end) is None:
        return False
    closes = not text[text.rfind("\n", first, end) : end - 3].isspace()
    return not closes and text[end : end + 1] not in ("", "\r", "\n")


def end_of_heredoc(text: str, start: int, end: int) -> int | None:
    """Where a text ends that `<<WORD` begins; None for anything else."""
    found = _HEREDOC.match(text, start) if text.startswith("<<", start, end) else None
    return found.end() if found is not None else None


def read_triple(origin: Origin, start: int, end: int, *, closed: bool = True) -> ast.StringLiteral:
    """The literal of a text in triple quotes, dedented; reports FQL103 on bad escapes."""
    last = end - 3 if closed else end
    span = Span(origin.path, start, end)
    pieces = _dedent(origin.text, start + 3, last)
    return _Decoder(origin, report=True).literal(span, pieces, last, triple=True)


def read_doc(origin: Origin, start: int, end: int, *, closed: bool = True) -> ast.Doc:
    """Documentation: dedented, escapes read where known, nothing reported."""
    last = end - 3 if closed else end
    decoder = _Decoder(origin, report=False)
    pieces = _dedent(origin.text, start + 3, last)
    return ast.Doc(span=Span(origin.path, start, end), text=decoder.text_of(pieces).strip())


def _dedent(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The stretches of `text[start:end]` that remain without the common indentation.

    A first line that is blank is dropped, as is a last one, which is before the quotes; a
    first line that is not blank stays as it is.
    """
    lines = _lines(text, start, end)
    if len(lines) == 1:
        return lines
    first = [lines[0]] if text[slice(*lines[0])].strip() else []
    indent = _common_indent(text, lines[1:])
    kept = first + [(min(a + indent, _content_end(text, a, b)), b) for a, b in lines[1:]]
    if not text[slice(*kept[-1])].strip():
        kept[-1] = (kept[-1][0], kept[-1][0])
        return _without_last_end(kept)
    return kept


def _content_end(text: str, start: int, end: int) -> int:
    """Where the line end of a line begins."""
    return end - 1 if end > start and text[end - 1] == "\n" else end


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    while (stop := text.find("\n", start, end)) >= 0:
        lines.append((start, stop + 1))
        start = stop + 1
    lines.append((start, end))
    return lines


def _common_indent(text: str, lines: list[tuple[int, int]]) -> int:
    widths = [
        m.end() - a
        for a, b in lines
        if text[a:b].strip() and (m := _INDENT.match(text, a, b)) is not None
    ]
    return min(widths, default=0)


def _without_last_end(lines: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop the line end before the closing quotes: the text ends with its last line."""
    if len(lines) < 2:
        return lines
    start, end = lines[-2]
    return [*lines[:-2], (start, max(start, end - 1))]


class _Decoder:
    """Reads stretches of source into characters that know their place."""

    def __init__(self, origin: Origin, *, report: bool) -> None:
        self._origin = origin
        self._report = report
        self._chars: list[str] = []
        self._offsets: list[int] = []
        self._escaped: set[int] = set()

    def text_of(self, pieces: list[tuple[int, int]]) -> str:
        """The characters of the stretches."""
        for start, end in pieces:
            self._piece(start, end)
        return "".join(self._chars)

    def literal(
        self,
        span: Span,
        pieces: list[tuple[int, int]],
        last: int,
        *,
        quote: str = '"',
        triple: bool = False,
    ) -> ast.StringLiteral:
        """The literal that the stretches spell; `last` is the offset after its last character."""
        value = self.text_of(pieces)
        return ast.StringLiteral(
            span=span,
            value=value,
            offsets=(*self._offsets, last),
            environment=self._environment(value, span),
            escaped=frozenset(self._escaped),
            triple=triple,
            quote=quote,
        )

    def _piece(self, start: int, end: int) -> None:
        text = self._origin.text
        position = start
        while position < end:
            stop = text.find("\\", position, end)
            stop = end if stop < 0 else stop
            self._chars.extend(text[position:stop])
            self._offsets.extend(range(position, stop))
            position = self._escape(stop, end) if stop < end else end

    def _escape(self, start: int, end: int) -> int:
        """Read the escape at `start`; the offset after it."""
        text = self._origin.text
        sign = text[start + 1 : start + 2] if start + 1 < end else ""
        if sign == "\n":  # in triple quotes: the line goes on
            return start + 2
        if sign in ESCAPES and sign:
            return self._add(ESCAPES[sign], start, start + 2)
        match = _UNICODE.match(text, start + 1, end) if sign == "u" else None
        if match is not None and _is_character(code := int(match[1], 16)):
            return self._add(chr(code), start, match.end())
        stop = match.end() if match is not None else min(start + 2, end)
        self._bad_escape(start, stop)
        return self._add(text[start:stop], start, stop)

    def _add(self, chars: str, start: int, stop: int) -> int:
        for char in chars:
            self._escaped.add(len(self._chars))
            self._chars.append(char)
            self._offsets.append(start)
        return stop

    def _bad_escape(self, start: int, stop: int) -> None:
        if not self._report:
            return
        written = self._origin.text[start:stop]
        self._origin.sink.error(
            "FQL103",
            f"unknown escape `{written}` in a text",
            self._origin.span(start, stop),
            label="not an escape",
            help=(
                "the escapes are `\\n` `\\r` `\\t` `\\\\` `\\\"` `\\'` `\\$` `\\{` and "
                "`\\u{1F600}`; write `\\\\` for a backslash",
            ),
        )

    def _environment(self, value: str, span: Span) -> tuple[tuple[int, int, str], ...]:
        found: list[tuple[int, int, str]] = []
        position = value.find("${")
        while position >= 0:
            reference = reference_at(value, position)
            if position in self._escaped or position + 1 in self._escaped:
                pass
            elif reference is not None:
                found.append(reference)
            else:
                self._bad_reference(position, span)
            position = value.find("${", position + 2)
        return tuple(found)

    def _bad_reference(self, position: int, span: Span) -> None:
        """Report it. What else is wrong with the text hangs on it: nobody knows where it ends."""
        if not self._report:
            return
        start = self._offsets[position]
        workflow = _WORKFLOW.match(self._origin.text, start)
        if workflow is not None:
            place = self._origin.span(*workflow.span())
            written = f"${{{workflow[1]}}}"
            message = f"`{workflow[0]}` is written `{written}` here"
            found = foreign(place, message, Fix((Edit(place, written),)))
        else:
            found = Diagnostic(
                "FQL103",
                "`${` is not followed by a name and `}`",
                self._origin.span(start, self._offsets[position + 1] + 1),
                label="begins a reference to the environment",
                help=("write `${NAME}`, or `\\${` where the two characters are meant",),
            )
        self._origin.sink.cause(found, span)


def _is_character(code: int) -> bool:
    return code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
