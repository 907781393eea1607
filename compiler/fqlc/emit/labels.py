"""Words in the boxes of a drawing: broken into lines, in a table that is wide enough for them.

Who looks at an svg may not have the font it was laid out for. So each box is made as wide as its
longest line would be in a wide font (DejaVu Sans, the fallback of most Linux machines).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from fqlc.emit.picture import Node, shortened

MUTED = "#5b6b7b"
_CLAUSE = re.compile(r" (?=&& |\|\| )")
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\ufffe\uffff]"
)
_WIDTHS = {
    **dict.fromkeys("ijlI'.,:| ", 0.34),
    **dict.fromkeys('tfr!;/()[]-"', 0.42),
    **dict.fromkeys("ABCDEFGHJKLNOPQRSTUVXYZ", 0.78),
    **dict.fromkeys("w=<>+#~^&", 0.85),
    **dict.fromkeys("mMW@%", 1.0),
}
"""Upper bounds of the advance of a character, in parts of the size of the font."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a label; `size` in points."""

    text: str
    bold: bool = False
    color: str | None = None
    size: int = 10


def printable(text: str) -> str:
    """A text that DOT and XML can hold; what they cannot is shown as the replacement character."""
    return _UNPRINTABLE.sub("\ufffd", text)


def text_width(line: Line) -> float:
    """The most that a line takes in a common font, in points."""
    parts = sum(_WIDTHS.get(c, 0.64 if c.isascii() else 1.0) for c in line.text)
    return parts * line.size * (1.12 if line.bold else 1.0)


def table(lines: Sequence[Line]) -> str:
    """Lines, aligned to the left, as a label of DOT in its HTML-like form."""
    width = max(round(text_width(line)) for line in lines)
    rows = "".join(f'<tr><td align="left">{_font(line)}</td></tr>' for line in lines if line.text)
    frame = 'border="0" cellborder="0" cellspacing="0" cellpadding="1"'
    return f'<<table {frame} width="{width}">{rows}</table>>'


def _font(line: Line) -> str:
    words = escape(printable(line.text))
    color = f' color="{line.color}"' if line.color else ""
    return (
        f'<font point-size="{line.size}"{color}>{f"<b>{words}</b>" if line.bold else words}</font>'
    )


def name_lines(name: str, size: int) -> list[Line]:
    """A name in bold, a very long one in several lines."""
    return [Line(name[at : at + 44], bold=True, size=size) for at in range(0, len(name), 44)]


def place(node: Node) -> str:
    """Where an action sends, short: what goes without saying, `https://`, is left out."""
    return shortened(node.target.replace("https://", "", 1), 40)


def condition_lines(condition: str, width: int, most: int) -> Iterator[str]:
    """`when` and a condition in at most `most` lines of about `width` characters, broken before
    `&&` and `||` where that is possible."""
    if not condition:
        return
    lines = list(_filled(_CLAUSE.split(f"when {condition}"), width))
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} …"]
    yield from (shortened(line, width) for line in lines)


def _filled(clauses: Sequence[str], width: int) -> Iterator[str]:
    line = clauses[0]
    for clause in clauses[1:]:
        if len(line) + len(clause) < width:
            line += f" {clause}"
        else:
            yield line
            line = clause
    yield line
