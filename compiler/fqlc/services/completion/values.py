"""Values that the table of keys knows: words, names of declarations, events, actions of a test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fql.plan.language.types import FIELD_TYPES, Type
from fql.plan.policy.keys import Key, Kind
from fqlc.checks.reading.triggers import EVENTS
from fqlc.services.answers import CompletionItem, What
from fqlc.services.completion.place import Place
from fqlc.services.index.keys import NAMED
from fqlc.syntax.tree import ast

_MEASURES = frozenset({Kind.DURATION, Kind.SIZE, Kind.INT, Kind.NUMBER})


def of_key(place: Place, key: Key, block: ast.Block) -> Iterator[CompletionItem]:
    """What can be the value of a key."""
    if key.names:
        yield from declared(place, NAMED[key.names])
    for word in key.words:
        yield place.item(word, What.WORD)
    if key.kind in _MEASURES:
        if key.default:
            yield place.item(key.default, What.VALUE, detail="the default")
        yield from declared(place, What.LET)
    if key.kind is Kind.BOOLEAN:
        yield from (place.item(word, What.WORD) for word in ("true", "false"))
    match key.kind:
        case Kind.TYPE:
            yield from types(place)
        case Kind.TRIGGERS | Kind.TRIGGER:
            yield from _entities(place)
        case Kind.NAMES:
            yield from actions(place, block)
        case Kind.FUNCTION:
            known = {t.name for t in place.snapshot.index.things() if t.what is What.FUNCTION}
            yield from (place.item(name, What.FUNCTION) for name in sorted(known))


def _entities(place: Place) -> Iterator[CompletionItem]:
    for name in place.snapshot.program.project.entities:
        text = f"{name}.${{1|{','.join(EVENTS)}|}}"
        yield place.item(
            name, What.ENTITY, name if place.is_followed_by(".") else text, snippet=True
        )


def declared(place: Place, what: What) -> Iterator[CompletionItem]:
    """The declarations of a kind."""
    project = place.snapshot.program.project
    group = {
        What.ENDPOINT: project.endpoints, What.RETRY: project.retries,
        What.OBSERVER: project.observers, What.LET: project.lets,
    }[what]  # fmt: skip
    for name, symbol in group.items():
        doc = getattr(symbol.declaration, "doc", None)
        yield place.item(name, what, doc=doc.text if doc is not None else "")


def types(place: Place) -> Iterator[CompletionItem]:
    """Names of types that a field can have."""
    project = place.snapshot.program.project
    for name in sorted(FIELD_TYPES):
        yield place.item(name, What.TYPE, order=1)
    for name in project.types:
        yield place.item(name, What.TYPE, detail="type")
    for name in project.enums:
        yield place.item(name, What.ENUM, detail="enum")


def events(place: Place) -> Iterator[CompletionItem]:
    """What can happen to a row."""
    yield from (place.item(event, What.EVENT) for event in EVENTS)


def actions(
    place: Place, block: ast.Block | None, written: Iterable[str] = ()
) -> Iterator[CompletionItem]:
    """The actions of an observer; of one that cannot be read now those that can."""
    found: dict[str, str] = {}
    for source in _observers(place, block):
        for child in source.blocks:
            if child.name is not None:
                found.setdefault(child.name.text, child.kind.text)
    for name, kind in found.items():
        if name not in set(written):
            yield place.item(name, What.ACTION, detail=kind)


def _observers(place: Place, block: ast.Block | None) -> Iterator[ast.Block]:
    """The observer that a block is, or tests; and as it was when it could last be read."""
    if block is None:
        return
    name = block.name.text if block.name is not None else ""
    if block.kind.text == "test":
        value = next((e.value for e in block.entries if e.key.text == "observer"), None)
        name = value.text if isinstance(value, ast.NameUse) else ""
    else:
        yield block
    known = place.snapshot.observer(name)
    if known is not None and (block.kind.text == "test" or name in place.snapshot.kept.observers):
        yield known


def of_row(place: Place, of: Type, written: Iterable[str]) -> Iterator[CompletionItem]:
    """The fields of a row that are not yet given a value."""
    row = place.snapshot.row(of.name)
    taken = set(written)
    for field in row.fields.values() if row is not None else ():
        if field.name not in taken:
            yield place.item(
                field.name, What.FIELD, f"{field.name}: $1", detail=str(field.type), doc=field.doc,
                order=int(field.type.nullable), snippet=True,
            )  # fmt: skip
