"""What commands write: data to standard output, talk to standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import click

from fql.errors import FqlError, masked_urls
from fql.exact.writing import write_json
from fql.plan.harmless import harmless as _harmless
from fql.plan.harmless import harmless_json, harmless_styled

RENEWED = "\r\033[K"
"""Sets a terminal back to the beginning of the line, and clears it."""


def report(error: FqlError) -> None:
    """Write an error of the runtime as one line and a hint to standard error."""
    say(f"{click.style('error', fg='red', bold=True)}: {_harmless(error.message)}")
    if error.hint:
        say(f"  {click.style('help', fg='cyan')}: {_harmless(error.hint)}")


def say(text: str) -> None:
    """Talk to the person. No connection string is shown with its password."""
    click.echo(harmless_styled(masked_urls(text)), err=True)


def data(text: str) -> None:
    """A piece of output."""
    click.echo(harmless_styled(text))


def counted(number: int, noun: str) -> str:
    """A number with its noun, such as `1 event` or `1,200 events`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def json_line(value: Mapping[str, object]) -> None:
    """One object of JSON output, on a line of its own."""
    click.echo(harmless_json(write_json(value).decode()))


def on_terminal() -> bool:
    """True when a person reads standard error."""
    return sys.stderr.isatty()


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns for people; nothing but a remark on standard error when there are no rows."""
    columns = Columns(headers)
    columns.add(rows)
    columns.end()


class Columns:
    """A table that is written page by page, as wide as its first page needs."""

    def __init__(self, headers: Sequence[str]) -> None:
        self._headers = headers
        self._widths: list[int] = []

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        """Write these rows."""
        cells = [[harmless(cell) for cell in row] for row in rows]
        if cells and not self._widths:
            lines = [self._headers, *cells]
            self._widths = [max(len(line[n]) for line in lines) for n in range(len(self._headers))]
            data(click.style(_line(self._headers, self._widths), bold=True))
        for row in cells:
            data(_line(row, self._widths))

    def end(self) -> None:
        """Say so where there was nothing."""
        if not self._widths:
            say("nothing to show")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def harmless(value: object) -> str:
    """Text of receivers and events with its control characters as escapes: what they send must not
    steer the terminal of who reads it."""
    text = _harmless(str(value))
    return text.replace("\n", "\\x0a").replace("\t", "\\x09")


def moment(value: object) -> str:
    """A time for people: local reading would differ between machines, so it is UTC."""
    if isinstance(value, int | float):
        value = datetime.fromtimestamp(value / 1_000, UTC)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return str(value or "").replace("T", " ")[:19]


def shortened(text: str, width: int = 60) -> str:
    """One line of at most `width` characters."""
    line = harmless(" ".join(text.split()))
    return line if len(line) <= width else line[: width - 1] + "…"
