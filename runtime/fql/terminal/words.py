"""Numbers, times and foreign text in the words of the command line. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from fql.terminal.folding import cut
from fql.terminal.harmless import harmless


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun, such as `1 event` or `1,200 events`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def one_line(value: object) -> str:
    """Text of receivers and events on one line, with its control characters as escapes: what they
    send must not steer the terminal of its reader."""
    return harmless(str(value)).replace("\n", "\\x0a").replace("\t", "\\x09")


def moment(value: object) -> str:
    """A time for people: local reading would differ between machines, so it is UTC."""
    if isinstance(value, int | float):
        value = datetime.fromtimestamp(value / 1_000, UTC)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return str(value or "").replace("T", " ")[:19]


def shortened(text: str, width: int = 60) -> str:
    """One line of at most `width` columns."""
    return cut(one_line(" ".join(text.split())), width)
