"""The declaration around a cursor, read with a name put there: what was meant by half a word is
what the check says of a whole one.

Only that declaration is parsed and checked; all other names are those of the snapshot. Several
ways to complete the text are tried, the first in which the name can be read counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from fql_grammar.tokens import BRACKETS
from fqlc.checks.model import ObserverModel
from fqlc.diagnostics.sink import Sink
from fqlc.services.basis.trace import Heard, Trace
from fqlc.services.probing.checking import check_part
from fqlc.services.probing.lexical import Around, around
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.parser import parse_file
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children

CURSOR = "zz_cursor_zz"
"""The name that is put there; the same for all, so that it may as well be in a program."""

_HOLE = re.compile(r"\{\{(?:(?!\}\}).)*\Z|\{%(?:(?!%\}).)*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Probe:
    """What was read. `trail` are the nodes from the declaration down to the name, empty where it
    is in a template; `heard` what the check says of the expression that ends with the name;
    `model` the observer that it is in."""

    around: Around
    declaration: ast.Declaration
    trail: tuple[ast.Tree, ...]
    heard: Heard | None
    trace: Trace
    model: ObserverModel | None = None

    @property
    def block(self) -> ast.Block | None:
        """The block at the top level that the name is in."""
        return self.declaration if isinstance(self.declaration, ast.Block) else None

    def entry(self) -> tuple[ast.Block, ast.Entry, list[ast.Tree]] | None:
        """The innermost block around the name, the entry of it, and the nodes below that."""
        found = None
        for number, (outer, node) in enumerate(pairwise(self.trail), 2):
            if isinstance(outer, ast.Block) and isinstance(node, ast.Entry):
                found = (outer, node, list(self.trail[number:]))
        return found


def probe(snapshot: Snapshot, path: str, offset: int, put: str = CURSOR) -> Probe | None:
    """The declaration around an offset with a name there; None where no way to complete the text
    makes the name readable. `put` is what is written instead of the word at the offset."""
    source = snapshot.source(path)
    if source is None or offset > len(source.text):
        return None
    place = around(source.text, offset)
    if place.in_comment:
        return None
    seen: set[str] = set()
    for text in _ways(place, put):
        if text not in seen:
            seen.add(text)
            found = _read(snapshot, path, place, text)
            if found is not None:
                return found
    return None


_CLOSERS = str.maketrans(BRACKETS)
_BEFORE_VALUE = re.compile(r"[:=,(\[.!&|<>+\-*/%?@]\s*\Z|\b(?:in|then|else|if|each)\s+\Z")


def _ways(place: Around, put: str) -> Iterator[str]:
    """The text of the part, completed in one way after the other: as it stands, with a value for
    what may be a key, and closed at the end of the line or at once."""
    start, end = place.part
    before = place.text[start : place.word[0]]
    after = place.text[place.word[1] : end]
    if place.in_text:
        yield from _in_text(place, before, after, put)
        return
    _, newline, rest = after.partition("\n")
    here = place.open[::-1].translate(_CLOSERS)
    wanted = ("",) if _BEFORE_VALUE.search(before) else ("", ": null")
    yield from (f"{before}{put}{value}{after}{place.missing}" for value in wanted)
    yield from (f"{before}{put}{value}{newline}{rest}{place.missing}" for value in wanted)
    for number in range(len(here)):
        closers = here[: number + 1]
        yield from (f"{before}{put}{value}{closers}{after}{place.missing}" for value in wanted)
    yield from (f"{before}{put}{value}{here}" for value in wanted)


def _in_text(place: Around, before: str, after: str, put: str) -> Iterator[str]:
    """The same within quotes: the hole and the quotes are closed where they are not."""
    assert place.token is not None  # noqa: S101 - the caller has seen that it is in one
    kind, first, last = place.token
    inside = place.text[first : place.word[0]]
    hole = _HOLE.search(inside)
    rest = place.text[place.word[1] : last]
    closed = rest.split("\n")[0]
    quote = place.text[first] if kind in ("OPEN_STRING", "STRING") else '"""'
    if hole is None:
        yield f"{before}{put}{after}{place.missing}"
        return
    closer = "}}" if hole.group().startswith("{{") else "%}"
    if closer in closed.split("{{")[0]:
        yield f"{before}{put}{after}{place.missing}"
    yield f"{before}{put} {closer}{after}{place.missing}"
    tail = place.text[last : place.part[1]]
    yield f"{before}{put} {closer}{quote}{tail}{place.missing}"
    yield f"{before}{put} {closer}{quote}{place.open[::-1].translate(_CLOSERS)}"


def _read(snapshot: Snapshot, path: str, place: Around, text: str) -> Probe | None:
    """The first declaration of a text that has the name in it, checked."""
    file = parse_file(SourceText(path, text), Sink())
    for declaration in file.declarations:
        offset = text.find(CURSOR)
        if not declaration.span.start <= offset <= declaration.span.end:
            continue
        if isinstance(declaration, ast.BrokenDeclaration):
            continue
        trace = Trace()
        model = check_part(snapshot, path, declaration, trace)
        heard = next(filter(_is_cursor, (h.written for h in trace.of(path))), None)
        trail = _trail(declaration)
        if heard is not None or trail:
            found = trace.at(heard) if heard is not None else None
            return Probe(
                around=place,
                declaration=declaration,
                trail=trail,
                heard=found,
                trace=trace,
                model=model,
            )
    return None


def _is_cursor(node: ast.Tree) -> bool:
    """True for the expression that ends with the name."""
    match node:
        case ast.NameUse(text=text) | ast.MemberAccess(name=ast.Name(text=text)):
            return text == CURSOR
        case ast.CallOf(callee=ast.MemberAccess(name=ast.Name(text=text))):
            return text == CURSOR
    return False


def _trail(declaration: ast.Declaration) -> tuple[ast.Tree, ...]:
    """The nodes from a declaration down to the name, which is the last."""
    waiting: list[tuple[ast.Tree, ...]] = [(declaration,)]
    while waiting:
        path = waiting.pop()
        node = path[-1]
        if isinstance(node, ast.Name | ast.NameUse) and CURSOR in node.text:
            return path
        if isinstance(node, ast.Step) and node.name == CURSOR:
            return path
        if isinstance(node, ast.StringLiteral) and CURSOR in node.value:
            return path
        waiting.extend((*path, child) for child in reversed(list(children(node))))
    return ()
