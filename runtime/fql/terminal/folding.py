"""Text in columns of a terminal: how wide it is, where it may be broken, how it is cut. Pure."""

from __future__ import annotations

import re
import unicodedata

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
ELLIPSIS = "…"


def unstyled(text: str) -> str:
    """The text without colours."""
    return _STYLE.sub("", text)


def columns_of(text: str) -> int:
    """The columns that a text takes on a terminal; colours take none, wide characters two."""
    shown = unstyled(text)
    if shown.isascii():
        return len(shown)
    wide = sum(unicodedata.east_asian_width(c) in {"W", "F"} for c in shown)
    return len(shown) + wide - sum(unicodedata.combining(c) > 0 for c in shown)


def cut(text: str, width: int) -> str:
    """A text without colours in at most `width` columns, with an ellipsis where it was longer."""
    if columns_of(text) <= width:
        return text
    while text and columns_of(text) > width - 1:
        text = text[:-1]
    return f"{text.rstrip()}{ELLIPSIS}"


def padded(text: str, width: int) -> str:
    """The text with blanks up to `width` columns."""
    return text + " " * (width - columns_of(text))


def folded(text: str, width: int, hang: int = 2) -> str:
    """The text with each line broken between words, so that it fits into `width` columns. What
    follows is indented by `hang` more than the line; a word that is longer stays whole, and
    where it is."""
    return "\n".join(
        line if columns_of(line) <= width else _broken(line, width, hang)
        for line in text.split("\n")
    )


def _broken(line: str, width: int, hang: int) -> str:
    words = line.split(" ")
    indent = " " * (len(line) - len(line.lstrip(" ")))
    lines, current = [], indent
    hanging = indent + " " * hang
    for word in words[len(indent) :]:
        longer = f"{current} {word}" if current.strip() else current + word
        fits_nowhere = columns_of(hanging + word) > width
        if columns_of(longer) <= width or not current.strip() or fits_nowhere:
            current = longer
        else:
            lines.append(current.rstrip())
            current = hanging + word
    return "\n".join([*lines, current])
