"""From a name to where it is declared, and to all the places where it is used."""

from __future__ import annotations

from fql.plan.language.types import Type
from fqlc.services.answers import Highlight, Target, What
from fqlc.services.hover import let_type, type_at
from fqlc.services.index.things import Form, Named, Thing
from fqlc.services.index.values import type_named
from fqlc.services.knowing.contracted import keys_to, property_of
from fqlc.services.snapshot import Snapshot
from fqlc.source.files import SUFFIX
from fqlc.source.text import Span


def definition(snapshot: Snapshot, path: str, offset: int) -> Target | None:
    """Where the name at a place is declared: over files, from templates, spreads and imports; of a
    key in a body, where the contract declares it."""
    named = name_at(snapshot, path, offset)
    if named is None:
        return None
    if named.thing.what is What.PROPERTY:
        return _in_contract(snapshot, named)
    return _target(snapshot, named, named.thing)


def type_definition(snapshot: Snapshot, path: str, offset: int) -> Target | None:
    """Where the type of the value at a place is declared; of a list that of its items."""
    named = name_at(snapshot, path, offset)
    of = None if named is None else _type_of(snapshot, named)
    while of is not None and of.item is not None:
        of = of.item
    thing = None if of is None else type_named(of.name, snapshot.program.project)
    return None if named is None or thing is None else _target(snapshot, named, thing)


def references(
    snapshot: Snapshot, path: str, offset: int, *, declaration: bool = True
) -> tuple[Span, ...]:
    """Every place of the name at a place, over all files; with its declaration where wanted."""
    named = name_at(snapshot, path, offset)
    if named is None or named.thing.what in _NOT_ONE_THING:
        return ()
    uses = snapshot.index.uses(named.thing)
    places = (u.span for u in uses if declaration or u.form is not Form.DECLARED)
    return tuple(span for place in places if (span := snapshot.now(place)) is not None)


def highlights(snapshot: Snapshot, path: str, offset: int) -> tuple[Highlight, ...]:
    """The places of the name at a place in the same file."""
    named = name_at(snapshot, path, offset)
    if named is None:
        return ()
    return tuple(
        Highlight(span, other.form is Form.DECLARED)
        for other in snapshot.index.names(path)
        if other.thing == named.thing and (span := snapshot.now(other.span)) is not None
    )


def name_at(snapshot: Snapshot, path: str, offset: int) -> Named | None:
    """The name at an offset of the newest text."""
    place = snapshot.then(path, offset)
    return None if place is None else snapshot.index.at(path, place)


_NOT_ONE_THING = frozenset({What.PROPERTY, What.WORD, What.KEYWORD, What.ATTRIBUTE})
"""Names that are the same word in many places, and mean nothing in common."""


def _target(snapshot: Snapshot, named: Named, thing: Thing) -> Target | None:
    origin = snapshot.now(named.span)
    if origin is None:
        return None
    if thing.what is What.FILE:
        lost = thing.name.endswith(SUFFIX) and snapshot.source(thing.name) is None
        return None if lost else Target(origin, *(Span(thing.name, 0, 0),) * 2)
    declared = snapshot.index.declared(thing)
    name = None if declared is None else snapshot.now(declared.name)
    if declared is None or name is None:
        return None
    return Target(origin, name, snapshot.now(declared.whole) or name)


def _in_contract(snapshot: Snapshot, named: Named) -> Target | None:
    """Where the contract of an action declares a key of its body. Of a file whose places are not
    known, such as JSON, the beginning."""
    origin = snapshot.now(named.span)
    action = snapshot.action_at(named.span.path, named.span.start)
    if origin is None or action is None or action.body_span is None:
        return None
    found = property_of(action, list(keys_to(snapshot.nodes_at(named.span))))
    if found is None or not found.place.file:
        return None
    place = Span(found.place.file, found.place.start, found.place.end)
    return Target(origin, place, place)


def _type_of(snapshot: Snapshot, named: Named) -> Type | None:
    """The type of what a name stands for."""
    thing = named.thing
    if thing.what is What.FIELD:
        row = snapshot.row(thing.owner)
        field = row.named(thing.name) if row is not None else None
        return field.type if field is not None else None
    if thing.what is What.MEMBER:
        return Type(thing.owner)
    if thing.what is What.LET:
        return let_type(snapshot, thing.name)
    if thing.what is What.ACTION:
        return _response(snapshot, thing)
    return type_at(snapshot, named)


def _response(snapshot: Snapshot, thing: Thing) -> Type | None:
    for model in snapshot.program.observers:
        action = model.action(thing.name) if model.name == thing.owner else None
        if action is not None:
            return action.response
    return None
