"""Completion: which place it is, and who knows what can be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fqlc.checks.table.blocks import BLOCKS, TOP_LEVEL
from fqlc.names.fields import ATTRIBUTES
from fqlc.services.answers import CompletionItem, What
from fqlc.services.completion import names, texts, values
from fqlc.services.completion.inside import in_entry, is_header
from fqlc.services.completion.keys import block_snippet
from fqlc.services.completion.place import Place
from fqlc.services.probing.lexical import around
from fqlc.services.probing.probe import Probe, probe
from fqlc.services.snapshot import Snapshot
from fqlc.syntax.tree import ast


def complete(snapshot: Snapshot, path: str, offset: int) -> tuple[CompletionItem, ...]:
    """How what is written at an offset can go on, the likeliest first. Editors filter by what is
    written of the word already."""
    source = snapshot.source(path)
    if source is None or not 0 <= offset <= len(source.text):
        return ()
    place = Place(snapshot, path, around(source.text, offset))
    found: dict[str, CompletionItem] = {}
    for item in _items(place):
        found.setdefault(item.label, item)
    return tuple(sorted(found.values(), key=lambda item: (item.order, item.label)))


def _items(place: Place) -> Iterable[CompletionItem]:
    if place.around.in_comment:
        return texts.of_comment(place)
    if place.around.in_text:
        begun = texts.of_reference(place) or texts.of_import(place)
        if begun is not None:
            return begun
    elif not place.around.open and not place.around.line_before:
        return _declarations(place)
    read = probe(place.snapshot, place.path, place.around.offset)
    return () if read is None else _of_probe(place, read)


_SIMPLE = {
    "import": 'import "$1"',
    "enum": "enum ${1:Name} { $2 \\}",
    "type": "type ${1:Name} {\n  $2\n\\}",
    "entity": "entity ${1:Name} {\n  ${2:id}: ${3:ID} @key\n  $0\n\\}",
    "let": "let ${1:name} = $2",
}
"""Declarations that are no blocks."""


def _declarations(place: Place) -> Iterator[CompletionItem]:
    for word, text in _SIMPLE.items():
        yield place.item(word, What.KEYWORD, text, snippet=True)
    for word in TOP_LEVEL:
        kind = BLOCKS[word]
        yield place.item(word, What.KEYWORD, block_snippet(kind), doc=kind.doc, snippet=True)


def _of_probe(place: Place, read: Probe) -> Iterator[CompletionItem]:
    """What can be where the name was put."""
    heard = read.heard
    if place.around.in_text:
        yield from _in_text(place, read)
        return
    yield from _by_trail(place, read)
    if heard is not None and isinstance(heard.written, ast.NameUse):
        yield from names.names(place, heard.scope, heard.expected)
    elif heard is not None:
        yield from names.members(place, heard, read.trace)


def _in_text(place: Place, read: Probe) -> Iterator[CompletionItem]:
    """In a hole of a template, or in a text that is a name."""
    heard = read.heard
    if heard is not None and isinstance(heard.written, ast.NameUse):
        yield from names.names(place, heard.scope, heard.expected)
    elif heard is not None:
        yield from names.members(place, heard, read.trace)
    last = read.trail[-1] if read.trail else None
    if isinstance(last, ast.StringLiteral):
        of = read.trace.at(last)
        enum = place.snapshot.enum(of.expected.name) if of and of.expected else None
        for name in enum.members if enum is not None else ():
            yield place.item(name, What.MEMBER, detail=enum.name if enum else "")
    found = read.entry()
    if found is not None and is_header(*found):
        yield from texts.headers(place, quoted=True)


# By the nodes around -----------------------------------------------------------


def _by_trail(place: Place, read: Probe) -> Iterator[CompletionItem]:
    match read.trail:
        case (*_, ast.FieldType(), ast.Name()):
            yield from values.types(place)
        case (*_, ast.FieldDeclaration() as field, ast.Attribute(), ast.Name()):
            yield from _attributes(place, {a.name.text for a in field.attributes})
        case (ast.Block() as block, ast.Flow(), *_, ast.Step()):
            yield from values.actions(place, block)
        case _ if (found := read.entry()) is not None:
            yield from in_entry(place, read, *found)


def _attributes(place: Place, written: Iterable[str]) -> Iterator[CompletionItem]:
    for name in ATTRIBUTES:
        if name not in written:
            text = 'column("$1")' if name == "column" else name
            yield place.item(name, What.ATTRIBUTE, text, snippet=name == "column")
