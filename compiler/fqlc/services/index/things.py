"""What names stand for, and where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from fqlc.services.answers import What
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


@dataclass(frozen=True, slots=True)
class Thing:
    """What a name stands for. `owner` is the row of a field, the enum of a member, the observer of
    an action, the block of a key, and the place where a variable is declared."""

    what: What
    name: str
    owner: str = ""


class Form(StrEnum):
    """How a name is written: as a plain one, as `{ name }` for `name: name`, within quotes, or
    where it is declared."""

    PLAIN = "plain"
    SHORT = "short"
    QUOTED = "quoted"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a text."""

    span: Span
    thing: Thing
    form: Form = Form.PLAIN


@dataclass(frozen=True, slots=True)
class Declared:
    """Where a thing is declared: its name, the whole of it, and its documentation."""

    name: Span
    whole: Span
    doc: str = ""


class Names:
    """The names of one file while they are gathered; the later of two for a place counts."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.shorts: set[tuple[int, int]] = set()
        self.scopes: list[tuple[int, int, str, Span]] = []
        """Where a variable can be seen, from where to where, with the place of its declaration."""
        self._found: dict[tuple[int, int], Named] = {}

    def add(self, span: Span, thing: Thing, form: Form = Form.PLAIN) -> None:
        """Note a name."""
        place = (span.start, span.end)
        if form is Form.PLAIN and place in self.shorts:
            form = Form.SHORT
        self._found[place] = Named(span, thing, form)

    def variable(self, name: str, at: int) -> Thing:
        """The variable of that name that is seen at an offset."""
        seen = [s for s in self.scopes if s[0] <= at <= s[1] and s[2] == name]
        place = max(seen)[3].start if seen else at
        return Thing(What.VARIABLE, name, f"{self.path}:{place}")

    def __iter__(self) -> Iterator[Named]:
        """The names in their order."""
        return (self._found[place] for place in sorted(self._found))


def key_place(entry: ast.ObjectEntry) -> tuple[Span, Form]:
    """Where the name of a key is; of a quoted one without its quotes."""
    span = entry.key.span if entry.key is not None else entry.span
    return (inside_quotes(span), Form.QUOTED) if entry.quoted else (span, Form.PLAIN)


def inside_quotes(span: Span) -> Span:
    """The stretch of a text without its quotes."""
    return Span(span.path, span.start + 1, max(span.end - 1, span.start + 1))
