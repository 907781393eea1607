"""Texts and changes that are hard on whoever counts lines and columns; always the same."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from lsprotocol.types import Position, Range, TextDocumentContentChangePartial

from fqlc.lsp.documents import Document

_PIECES = (
    "a", "entity", " ", "\n", "\r\n", "\r", "\t", "é", "e\u0301", "😀", "👩‍💻", "\u2028", "\u2029",
    "\u0085", "\x0b", "\x0c", "\x1c", "ｆ", "{{ x }}", "#", "\ufeff", "",
)  # fmt: skip


def change(line: int, column: int, end_line: int, end_column: int, text: str) -> (
    TextDocumentContentChangePartial
):  # fmt: skip
    """The change of a stretch."""
    stretch = Range(Position(line, column), Position(end_line, end_column))
    return TextDocumentContentChangePartial(range=stretch, text=text)


@dataclass(frozen=True)
class Story:
    """A text, and changes of it: line and column of start and end in UTF-16, and the new text. A
    place is before a character, at the end of a line, or somewhere after it."""

    text: str
    changes: tuple[tuple[int, int, int, int, str], ...]


def units(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def lines_of(text: str) -> list[str]:
    """The lines, by the letter of the protocol."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _some(random: Random) -> str:
    return "".join(random.choice(_PIECES) for _ in range(random.randrange(12)))


def _place(random: Random, text: str) -> tuple[int, int]:
    lines = lines_of(text)
    line = random.randrange(len(lines) + 1)
    written = lines[line] if line < len(lines) else ""
    column = units(written[: random.randrange(len(written) + 1)])
    return line, column if random.random() < 0.8 else units(written) + random.randrange(5)


def story(seed: int) -> Story:
    """A story; places refer to the text as it is after the changes before."""
    random = Random(seed)
    text = "".join(_some(random) for _ in range(4))
    document = Document("file:///a.fql", 0, text)
    changes = []
    for _ in range(6):
        ends = sorted((_place(random, document.text), _place(random, document.text)))
        one = (*ends[0], *ends[1], _some(random))
        changes.append(one)
        document = document.changed(None, [change(*one)])
    return Story(text, tuple(changes))
