"""Texts as other languages write them, turned into ours; None where that cannot be told."""

from __future__ import annotations

import re
import string

from fqlc.syntax.reading import strings
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.numbers import meant_unit
from fqlc.syntax.tree import ast

_INSERTED = re.compile(r"\$\{\s*([A-Za-z_][\w.]*)\s*\}", re.ASCII)
_BRACED = re.compile(r"\{([A-Za-z_][\w.]*)\}", re.ASCII)


def unit(written: str) -> str | None:
    """`5 seconds`."""
    number, _, word = written.partition(" ")
    meant = meant_unit(word.split()[-1])
    return f"{number}{meant}" if meant else None


def quoted(written: str) -> str:
    """`https://example.com`, `/orders`, `X-Team`."""
    return f'"{written}"'


def bare(written: str) -> str | None:
    """`"red"` as a member of an enum."""
    return written[1:-1] if written[1:-1].isidentifier() else None


def inserted(written: str) -> str | None:
    """`f"Order {id}"`."""
    plain = unprefixed(_BRACED.sub("", written))
    return plain and _BRACED.sub(r"{{ \1 }}", written).lstrip(string.ascii_letters)


def unprefixed(written: str) -> str | None:
    """`r"text"`."""
    return None if "{" in written or "\\" in written else written.lstrip(string.ascii_letters)


def escaped(written: str) -> str:
    """`'it''s'`."""
    inner = written[1:-1].replace("''", "\\'")
    return f"'{inner}'"


def commented(written: str) -> str:
    """`// comment`, `-- comment`."""
    return f"#{written[2:]}"


def tripled(written: str) -> str | None:
    """A text of several lines in `'''`."""
    return None if '"""' in written else f'"""{written[3:-3]}"""'


def straight(written: str) -> str | None:
    """A text in back ticks or typographic quotes."""
    text = _INSERTED.sub(r"{{ \1 }}", written) if written[0] == "`" else written
    plain = '"' not in text and "\\" not in text and "${" not in text
    return f'"{text[1:-1]}"' if plain else None


def _pattern(written: str) -> str:
    return written.rstrip(string.ascii_lowercase)[1:-1].replace("\\/", "/")


def matched(written: str) -> str | None:
    """`=~ /pattern/`."""
    inner = _pattern(written[2:].lstrip())
    plain = written[-1] in "/\"'" and '"' not in inner and "\\" not in inner
    return f'.matches("{inner}")' if plain else None


def as_text(lexeme: Lexeme) -> Lexeme:
    """A lexeme of another language as the text that it is."""
    origin, start, end = lexeme.origin, lexeme.start, lexeme.end
    if lexeme.text.startswith("'''"):
        value = strings.read_triple(origin, start, end)
        return Lexeme("STRING", start, end, lexeme.text, origin, value)
    if lexeme.text.startswith("http"):
        inner, first = lexeme.text, start
    elif lexeme.text.startswith("/"):
        inner, first = _pattern(lexeme.text), start + 1
    else:
        inner, first = lexeme.text[1:-1], start + 1
    offsets = tuple(min(first + i, end) for i in range(len(inner) + 1))
    value = ast.StringLiteral(span=lexeme.span(), value=inner, offsets=offsets)
    return Lexeme("STRING", start, end, '""', origin, value)
