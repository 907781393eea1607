"""Texts, comments and other signs as other languages write them."""

from __future__ import annotations

import re

from fqlc.diagnostics.model import Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.foreign.answers import report, say
from fqlc.syntax.reading import strings
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.tree import ast

_PREFIXES = frozenset({"f", "F", "r", "R", "u", "b", "rb", "br", "fr", "rf", "N", "E"})
_INSERTED = re.compile(r"\$\{\s*([A-Za-z_][\w.]*)\s*\}", re.ASCII)
_BRACED = re.compile(r"\{([A-Za-z_][\w.]*)\}", re.ASCII)


def answer_text(before: Lexeme, lexeme: Lexeme) -> None:
    """A text directly behind a word or another text: `f"..."` of Python, `'it''s'` of SQL."""
    if before.type == "NAME" and before.text in _PREFIXES:
        _prefixed(before, lexeme)
    elif before.type == "STRING" and before.text[-1:] == lexeme.text[:1] == "'":
        _doubled(before, lexeme)


def _prefixed(prefix: Lexeme, lexeme: Lexeme) -> None:
    inserts = prefix.text in ("f", "F")
    written = _BRACED.sub(r"{{ \1 }}", lexeme.text) if inserts else lexeme.text
    plain = "{" not in _BRACED.sub("", lexeme.text) and "\\" not in lexeme.text
    span = lexeme.origin.span(prefix.start, lexeme.end)
    advice = ("a field is inserted by `{{ name }}`",) if inserts else ()
    fix = Fix((Edit(span, written),)) if plain else None
    say(prefix, f"a text has no `{prefix.text}` before it", fix, lexeme, advice)
    prefix.type = "SKIP"


def _doubled(before: Lexeme, lexeme: Lexeme) -> None:
    where = lexeme.origin.span(before.end - 1, lexeme.start + 1)
    fix = Fix((Edit(where, "\\'"),))
    say(before, "a quote inside a text is written `\\'`", fix, lexeme)
    lexeme.type = "SKIP"


def answer_sign(lexeme: Lexeme) -> None:
    """Semicolons, comments and quotes of other languages, urls without quotes."""
    text = lexeme.text
    if text == "&.":
        report(lexeme, "?.", "`&.` is spelled `?.` here")
        lexeme.type, lexeme.text = "QDOT", "?."
    elif text == ";":
        report(lexeme, "", "entries need no `;` between them")
        lexeme.type = "SKIP"
    elif text[0] in "`\u201c\u2018":
        _quoted(lexeme)
    elif text.startswith("'''"):
        _triple(lexeme)
    elif text.startswith("http"):
        _bare_url(lexeme)
    else:
        _comment(lexeme)


def _quoted(lexeme: Lexeme) -> None:
    """A text between other quotes than straight ones."""
    first, last = lexeme.start, lexeme.end
    path = lexeme.origin.path
    written = _INSERTED.sub(r"{{ \1 }}", lexeme.text) if lexeme.text[0] == "`" else lexeme.text
    plain = '"' not in written and "\\" not in written and "${" not in written
    fix = Fix((Edit(Span(path, first, last), f'"{written[1:-1]}"'),)) if plain else None
    say(lexeme, 'a text is put in straight quotes: `"text"`', fix)
    inner = lexeme.text[1:-1]
    offsets = range(first + 1, last)
    lexeme.value = ast.StringLiteral(span=lexeme.span(), value=inner, offsets=offsets)
    lexeme.type, lexeme.text = "STRING", '""'


def _triple(lexeme: Lexeme) -> None:
    """A text of several lines between other quotes; read as if they were ours."""
    origin, start, end = lexeme.origin, lexeme.start, lexeme.end
    quotes = (origin.span(start, start + 3), origin.span(end - 3, end))
    plain = '"""' not in lexeme.text
    fix = Fix(tuple(Edit(quote, '"""') for quote in quotes)) if plain else None
    say(lexeme, 'a text of several lines stands between `"""`', fix)
    lexeme.type, lexeme.value = "STRING", strings.read_triple(origin, start, end)


def _bare_url(lexeme: Lexeme) -> None:
    """Read as if it stood in quotes."""
    text = lexeme.text
    say(lexeme, "a url must be quoted", Fix((Edit(lexeme.span(), f'"{text}"'),)))
    offsets = range(lexeme.start, lexeme.end + 1)
    lexeme.type = "STRING"
    lexeme.value = ast.StringLiteral(span=lexeme.span(), value=text, offsets=offsets)


def _comment(lexeme: Lexeme) -> None:
    text = lexeme.text
    if text.startswith(("//", "--")):
        first = lexeme.origin.span(lexeme.start, lexeme.start + 2)
        say(lexeme, "comments begin with `#`", Fix((Edit(first, "#"),)))
        lexeme.type = "SKIP"
    elif text.startswith("/*"):
        say(lexeme, "comments begin with `#`, on each line", None)
        lexeme.type = "SKIP"
