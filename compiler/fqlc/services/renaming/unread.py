"""Where the meaning of a name is not known, nothing of that name is renamed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fqlc.diagnostics.model import Severity
from fqlc.names.project import declared_name
from fqlc.services.index.things import Thing
from fqlc.services.snapshot import Snapshot
from fqlc.syntax.parsing.parser import is_sound
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk


def unread_place(snapshot: Snapshot, thing: Thing) -> str:
    """Why the uses of a thing may not all be known: a declaration that cannot be read and has the
    word in it, or an error at one. Empty where all are known."""
    word = re.compile(rf"\b{re.escape(thing.name)}\b", re.ASCII)
    faulty = {d.span.path for d in snapshot.diagnostics if d.severity is Severity.ERROR}
    for path in sorted(faulty & snapshot.sources.keys()):
        file = snapshot.file(path)
        problem = _in_file(snapshot, file, word) if file is not None else ""
        if problem:
            return problem
    return ""


def _in_file(snapshot: Snapshot, file: ast.File, word: re.Pattern[str]) -> str:
    text = snapshot.sources[file.path].text
    broken = [(place.start, place.end) for place in file.faulty]
    broken += [(d.span.start, d.span.end) for d in file.declarations if not is_sound(d)]
    for start, end in broken:
        if word.search(text, start, end):
            return f"{_called(snapshot, file, start, end)} cannot be read"
    known = {(n.span.start, n.span.end) for n in snapshot.index.names(file.path)}
    prose = [(c.span.start, c.span.end) for c in file.comments]
    prose += [place for node in walk(file) for place in _prose(text, node)]
    errors = [
        (d.span.start, d.span.end)
        for d in snapshot.diagnostics
        if d.span.path == file.path and d.severity is Severity.ERROR
    ]
    for found in word.finditer(text):
        place = found.span()
        if place in known or any(a <= place[0] < b for a, b in prose):
            continue
        if _is_in_faulty_declaration(file, place[0], errors):
            line = snapshot.sources[file.path].position(place[0]).line
            return f"what `{found[0]}` means in {file.path}, line {line}, is not known: {_MEND}"
    return ""


_HOLE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def _prose(text: str, node: ast.Tree) -> Iterator[tuple[int, int]]:
    """The stretches of texts and documentation that hold no names: all but the holes."""
    if isinstance(node, ast.Doc | ast.StringLiteral):
        position, end = node.span.start, node.span.end
        holes = _HOLE.finditer(text, position, end) if isinstance(node, ast.StringLiteral) else ()
        for hole in holes:
            yield position, hole.start()
            position = hole.end()
        yield position, end


_MEND = "mend the errors there first"


def _is_in_faulty_declaration(file: ast.File, offset: int, errors: list[tuple[int, int]]) -> bool:
    """True for a place in a declaration that has an error."""
    for declaration in file.declarations:
        span = declaration.span
        if span.start <= offset < span.end:
            return any(span.start <= start < span.end for start, _ in errors)
    return any(start <= offset <= end for start, end in errors)


def _called(snapshot: Snapshot, file: ast.File, start: int, end: int) -> str:
    """How a declaration in a stretch is called, with its place."""
    for declaration in file.declarations:
        if start <= declaration.span.start < end:
            kind, name = declared_name(declaration)
            line = snapshot.sources[file.path].position(declaration.span.start).line
            return f"{kind} `{name}` in {file.path}, line {line}," if name else (
                f"what is in {file.path}, line {line},"
            )  # fmt: skip
    line = snapshot.sources[file.path].position(start).line
    return f"what is in {file.path}, line {line},"
