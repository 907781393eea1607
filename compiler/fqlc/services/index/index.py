"""The index: names by place, and places by what they name. Files are read when they are asked for,
each once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from fql.collector import collector_at_rest
from fqlc.names.project import Project
from fqlc.names.symbols import Symbol
from fqlc.services.answers import What
from fqlc.services.basis.trace import Trace
from fqlc.services.index.heard import HeardNames
from fqlc.services.index.things import Declared, Named, Names, Thing
from fqlc.services.index.written import WHAT, WrittenNames
from fqlc.source.text import SourceText, Span
from fqlc.syntax.tree import ast

WRITTEN = frozenset({
    What.ACTION, What.ENDPOINT, What.ENTITY, What.ENUM, What.ENVIRONMENT, What.FIELD, What.LET,
    What.MEMBER, What.OBSERVER, What.RETRY, What.TYPE, What.VARIABLE,
})  # fmt: skip
"""What is written as it is called, wherever it is used; a built-in type has other spellings, a file
is named from where it is imported."""


class Index:
    """The names of a checked project."""

    def __init__(self, project: Project, trace: Trace, sources: Mapping[str, SourceText]) -> None:
        self._project, self._trace, self._sources = project, trace, sources
        self._files = {file.path: file for file in sorted(project.files, key=lambda f: f.path)}
        self._read: dict[str, tuple[Named, ...]] = {}
        self._things: dict[str, Mapping[Thing, list[Named]]] = {}

    def read_all(self, pause: Callable[[], None]) -> None:
        """Read every file before somebody asks. `pause` is called before each; what it raises ends
        this."""
        for path in self._files:
            pause()
            self._by_thing(path)

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
        written = thing.name if thing.what in WRITTEN else ""
        places = (self._by_thing(path).get(thing, ()) for path in self._files_with(written))
        return tuple(named for found in places for named in found)

    def called(self, name: str) -> Iterator[Named]:
        """Every place of whatever has this name and is written as it is called."""
        for path in self._files_with(name):
            for thing, found in self._by_thing(path).items():
                if thing.name == name and thing.what in WRITTEN:
                    yield from found

    def things(self) -> Iterator[Thing]:
        """All that is named anywhere."""
        yield from dict.fromkeys(thing for path in self._files for thing in self._by_thing(path))

    def declared(self, thing: Thing) -> Declared | None:
        """Where a thing is declared; None for what the language itself knows."""
        if thing.what is What.VARIABLE:
            path, _, start = thing.owner.rpartition(":")
            span = Span(path, int(start), int(start) + len(thing.name))
            return Declared(span, span)
        return self._declarations.get(thing)

    def _files_with(self, name: str) -> Iterator[str]:
        """The files in which a name may be: the others need not be read. It may be spelled with an
        escape where there is one."""
        for path in self._files:
            source = self._sources.get(path)
            if source is None or name in source.text or "\\" in source.text:
                yield path

    def _by_thing(self, path: str) -> Mapping[Thing, list[Named]]:
        if path not in self._things:
            found: dict[Thing, list[Named]] = {}
            for named in self.names(path):
                found.setdefault(named.thing, []).append(named)
            self._things[path] = found
        return self._things[path]

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
