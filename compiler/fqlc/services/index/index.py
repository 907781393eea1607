"""The index: names by place, and places by what they name. Files are read when they are asked for,
each once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property

from fql.collector import collector_at_rest
from fqlc.names.project import Project
from fqlc.names.symbols import Symbol
from fqlc.services.answers import What
from fqlc.services.basis.trace import Trace
from fqlc.services.index.heard import HeardNames
from fqlc.services.index.things import Declared, Named, Names, Thing
from fqlc.services.index.written import WHAT, WrittenNames
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


class Index:
    """The names of a checked project."""

    def __init__(self, project: Project, trace: Trace) -> None:
        self._project, self._trace = project, trace
        self._files = {file.path: file for file in project.files}
        self._read: dict[str, tuple[Named, ...]] = {}

    def names(self, path: str) -> tuple[Named, ...]:
        """The names of a file, in order."""
        if path not in self._read:
            file = self._files.get(path)
            self._read[path] = () if file is None else self._gather(file)
        return self._read[path]

    def at(self, path: str, offset: int) -> Named | None:
        """The name that an offset is in, or directly after."""
        names = self.names(path)
        index = bisect_right(names, offset, key=lambda named: named.span.start)
        for named in reversed(names[max(index - 2, 0) : index]):
            if named.span.start <= offset <= named.span.end:
                return named
        return None

    def uses(self, thing: Thing) -> tuple[Named, ...]:
        """Every place of a thing, its declaration too, by file and place."""
        return tuple(self._by_thing.get(thing, ()))

    def things(self) -> Iterator[Thing]:
        """All that is named anywhere."""
        yield from self._by_thing

    def declared(self, thing: Thing) -> Declared | None:
        """Where a thing is declared; None for what the language itself knows."""
        if thing.what is What.VARIABLE:
            path, _, start = thing.owner.rpartition(":")
            span = Span(path, int(start), int(start) + len(thing.name))
            return Declared(span, span)
        return self._declarations.get(thing)

    @cached_property
    def _by_thing(self) -> Mapping[Thing, list[Named]]:
        found: dict[Thing, list[Named]] = {}
        for path in sorted(self._files):
            for named in self.names(path):
                found.setdefault(named.thing, []).append(named)
        return found

    @cached_property
    def _declarations(self) -> Mapping[Thing, Declared]:
        found: dict[Thing, Declared] = {}
        project = self._project
        for group in (
            project.entities, project.types, project.enums, project.endpoints, project.retries,
            project.observers, project.lets,
        ):  # fmt: skip
            for symbol in group.values():
                found.update(_declared_in(symbol))
        return found

    def _gather(self, file: ast.File) -> tuple[Named, ...]:
        with collector_at_rest():
            names = Names(file.path)
            WrittenNames(names, self._project).add_all(file)
            HeardNames(names, self._trace, _Observers(file)).add_all()
            return tuple(names)


class _Observers:
    """Tells which observer of a file an offset is in."""

    def __init__(self, file: ast.File) -> None:
        blocks = [d for d in file.declarations if isinstance(d, ast.Block) and d.name is not None]
        self._starts = [block.span.start for block in blocks]
        self._names = [block.name.text for block in blocks if block.name is not None]

    def __call__(self, offset: int) -> str:
        index = bisect_right(self._starts, offset)
        return self._names[index - 1] if index else ""


def _declared_in(symbol: Symbol) -> Iterator[tuple[Thing, Declared]]:
    """A declaration, and what is declared in it."""
    declaration, name = symbol.declaration, symbol.name
    doc = getattr(declaration, "doc", None)
    thing = Thing(WHAT[symbol.kind], name)
    yield thing, Declared(symbol.span, declaration.span, doc.text if doc is not None else "")
    match declaration:
        case ast.EnumDeclaration(members=members):
            for member in members:
                yield _inner(What.MEMBER, member.name, name, member)
        case ast.EntityDeclaration(fields=fields) | ast.TypeDeclaration(fields=fields):
            for field in fields:
                yield _inner(What.FIELD, field.name, name, field)
        case ast.Block(blocks=blocks):
            for block in blocks:
                if block.name is not None:
                    yield _inner(What.ACTION, block.name, name, block)


_WithDoc = ast.EnumMember | ast.FieldDeclaration | ast.Block


def _inner(what: What, name: ast.Name, owner: str, whole: _WithDoc) -> tuple[Thing, Declared]:
    doc = whole.doc.text if whole.doc is not None else ""
    return Thing(what, name.text, owner), Declared(name.span, whole.span, doc)
