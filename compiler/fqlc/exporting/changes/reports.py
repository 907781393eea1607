"""Changes as a report beside a change of the code: Markdown, and annotations of GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fqlc.diagnostics.render.github import message_text, property_text
from fqlc.exporting.changes.model import Area, Change


def markdown(found: Sequence[Change]) -> str:
    """A heading and a table, breaking changes first."""
    if not found:
        return "### Nothing changed for receivers"
    breaking = sum(change.breaking for change in found)
    head = f"### {breaking or 'No'} breaking change{'' if breaking == 1 else 's'} for receivers"
    order = sorted(found, key=lambda change: not change.breaking)
    rows = (f"|{_mark(c)} | {c.area} | {_cell(c.where)} | {_cell(c.what)} |" for c in order)
    return "\n".join([head, "", "| | area | where | what |", "|---|---|---|---|", *rows])


def _mark(change: Change) -> str:
    return " **breaking**" if change.breaking else ""


def _cell(text: str) -> str:
    """A text in a table: a bar would end its cell, also in code."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def github(found: Sequence[Change]) -> Iterator[str]:
    """A workflow command for each change: breaking ones are errors, others that receivers may
    notice are warnings."""
    for change in found:
        quiet = change.area is Area.COSMETIC
        kind = "error" if change.breaking else "notice" if quiet else "warning"
        title = f"breaking {change.area}" if change.breaking else change.area.value
        text = message_text(f"{change.where}: {change.what}")
        yield f"::{kind} title={property_text(title)}::{text}"
