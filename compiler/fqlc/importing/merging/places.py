"""Where in a text a field is, and where a line can be put. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fqlc.importing.writing import STEP
from fqlc.syntax.tree import ast

_REST = re.compile(r"[ \t]*,?[ \t]*(?:#[^\n]*)?(?=\n|\Z)")
"""What may come on the line of a field without being another one."""
_COMMA = re.compile(r"[ \t]*,[ \t]*")


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a field in its text: with its documentation."""

    text: str
    node: ast.FieldDeclaration

    @property
    def start(self) -> int:
        """Where it begins, with its documentation."""
        doc = self.node.doc
        return min(self.node.span.start, doc.span.start) if doc else self.node.span.start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.node.span.end

    @property
    def line_start(self) -> int:
        """Where the line begins in which it begins."""
        return self.text.rfind("\n", 0, self.start) + 1

    @property
    def indent(self) -> str:
        """What is before it on its line."""
        return self.text[self.line_start : self.start]

    @property
    def rest(self) -> int | None:
        """The end of the line on which it ends, where no other field is on it."""
        found = _REST.match(self.text, self.end)
        return found.end() if found is not None else None

    @property
    def own_line(self) -> bool:
        """Whether it has its lines for itself."""
        return not self.indent.strip() and self.rest is not None


def after_field(
    text: str, node: ast.FieldDeclaration, fields: Sequence[Sequence[str]]
) -> tuple[int, int, str]:
    """The edit that puts fields after another one, each given by its lines."""
    place = Place(text, node)
    if not place.own_line:
        return place.end, place.end, "".join(f", {lines[-1]}" for lines in fields)
    end = place.rest if place.rest is not None else place.end
    added = "".join(f"\n{place.indent}{line}" for lines in fields for line in lines)
    return end, end, added


def before_first(
    text: str, node: ast.EntityDeclaration, fields: Sequence[Sequence[str]]
) -> tuple[int, int, str]:
    """The edit that puts fields before all others."""
    if node.fields:
        place = Place(text, node.fields[0])
        if not place.own_line:
            return place.start, place.start, "".join(f"{lines[-1]}, " for lines in fields)
        added = "".join(f"{line}\n{place.indent}" for lines in fields for line in lines)
        return place.start, place.start, added
    brace = node.span.end - 1
    added = "".join(f"{STEP}{line}\n" for lines in fields for line in lines)
    alone = text[:brace].rstrip(" \t").endswith("\n")
    return brace, brace, added if alone else f"\n{added}"


def taken_out(text: str, node: ast.FieldDeclaration) -> tuple[int, int, str]:
    """The edit that removes a field, with its documentation and the comment on its line."""
    place = Place(text, node)
    if place.own_line and place.rest is not None:
        return place.line_start, min(place.rest + 1, len(text)), ""
    found = _COMMA.match(text, place.end)
    return place.start, found.end() if found is not None else place.end, ""
