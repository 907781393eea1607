"""Renaming: the edits over all files, or why it cannot be done."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fql.plan.language.types import BUILT_IN, UNWRITTEN
from fql_grammar.tokens import RESERVED, WORD_PATTERN
from fqlc.diagnostics.model import Edit
from fqlc.names.fields import BUILTIN_NAMES
from fqlc.names.project import TYPE_KINDS
from fqlc.services.answers import Refusal, Renameable, Renaming, What
from fqlc.services.index.things import Form, Named, Thing
from fqlc.services.navigation import name_at
from fqlc.services.renaming.columns import column_edits
from fqlc.services.renaming.meaning import taken_by
from fqlc.services.renaming.unread import unread_place
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk

_NAME = re.compile(WORD_PATTERN, re.ASCII)
_RENAMEABLE = frozenset({
    What.ACTION, What.ENDPOINT, What.ENTITY, What.ENUM, What.FIELD, What.LET, What.MEMBER,
    What.OBSERVER, What.RETRY, What.TYPE, What.VARIABLE,
})  # fmt: skip


def prepare_rename(snapshot: Snapshot, path: str, offset: int) -> Renameable | Refusal:
    """The name at a place, if it can be renamed."""
    named = _renameable(snapshot, path, offset)
    if isinstance(named, Refusal):
        return named
    return Renameable(named.span, named.thing.name)


def rename(snapshot: Snapshot, path: str, offset: int, new: str) -> Renaming | Refusal:
    """The edits that give the name at a place another one: in all files, in templates and tests.
    A field keeps its column. Refused with a reason where the meaning of anything could change."""
    named = _renameable(snapshot, path, offset)
    if isinstance(named, Refusal):
        return named
    thing = named.thing
    if new == thing.name:
        return Renaming(())
    problem = _bad_name(thing, new) or taken_by(snapshot, thing, new)
    if problem:
        return Refusal(problem)
    edits = [*_uses(snapshot, thing, new), *column_edits(snapshot, thing, new)]
    return Renaming(tuple(sorted(edits, key=_order)), tuple(_notes(snapshot, thing)))


def _order(edit: Edit) -> tuple[str, int]:
    return edit.span.path, edit.span.start


def _renameable(snapshot: Snapshot, path: str, offset: int) -> Named | Refusal:
    if not snapshot.is_current():
        return Refusal("the text has changed since it was last checked; try again in a moment")
    named = name_at(snapshot, path, offset)
    if named is None:
        return Refusal("there is no name here that can be changed")
    thing = named.thing
    if thing.what is What.BUILT_IN or thing.what not in _RENAMEABLE:
        what = "a name of the environment" if thing.what is What.ENVIRONMENT else "built in"
        free = thing.what in (What.PROPERTY, What.HEADER, What.FUNCTION, What.ENVIRONMENT)
        if free and thing.what is not What.ENVIRONMENT:
            what = "a name of the receiver"
        return Refusal(f"`{thing.name}` is {what} and cannot be renamed here")
    if snapshot.index.declared(thing) is None:
        return Refusal(f"where `{thing.name}` is declared is not known")
    unread = unread_place(snapshot, thing)
    return Refusal(unread) if unread else named


def _bad_name(thing: Thing, new: str) -> str:
    """Why a name cannot be one of a thing; empty where it can."""
    if _NAME.fullmatch(new) is None:
        return f"`{new}` is not a name: a name has letters, digits and `_`, and no digit first"
    if new in RESERVED:
        return f"`{new}` is a reserved word"
    if new in BUILTIN_NAMES and thing.what in (What.FIELD, What.ACTION, What.LET, What.VARIABLE):
        return f"`{new}` is a built-in name"
    if thing.what.value in TYPE_KINDS and new in BUILT_IN | UNWRITTEN:
        return f"`{new}` is a built-in type"
    return ""


_LONGEST_GAP = 100
"""Characters between a key and its value, beyond which nobody looks."""


def _uses(snapshot: Snapshot, thing: Thing, new: str) -> Iterator[Edit]:
    """The edits of all places. `{ name }` keeps its key and becomes `{ name: new }`; the other
    way, `{ new: name }` becomes `{ new }`."""
    uses = snapshot.index.uses(thing)
    before = re.compile(rf"\b{re.escape(new)}\s*\??\s*:\s*\Z", re.ASCII)
    longest = len(new) + _LONGEST_GAP
    paths = {
        use.span.path
        for use in uses
        if before.search(
            snapshot.sources[use.span.path].text, max(use.span.start - longest, 0), use.span.start
        )
    }
    keys = {k: e for path in paths for k, e in _keys_of_values(snapshot, path, new)}
    for use in uses:
        if use.form is Form.SHORT:
            yield _with_key(snapshot, use, new)
        elif (whole := keys.get(use.span)) is not None:
            yield Edit(whole.span, f"{new}?" if whole.optional else new)
        else:
            yield Edit(use.span, new)


def _with_key(snapshot: Snapshot, use: Named, new: str) -> Edit:
    """`{ name }` as `{ name: new }`, and `{ name? }` as `{ name?: new }`."""
    text, span = snapshot.sources[use.span.path].text, use.span
    optional = re.compile(r"\s*\?(?![?.:])").match(text, span.end)
    if optional is None:
        return Edit(span, f"{use.thing.name}: {new}")
    return Edit(Span(span.path, span.start, optional.end()), f"{use.thing.name}?: {new}")


def _keys_of_values(
    snapshot: Snapshot, path: str, new: str
) -> Iterator[tuple[Span, ast.ObjectEntry]]:
    """Names that are the value of a key which is called as they will be, with that entry."""
    file = snapshot.file(path)
    for node in walk(file) if file is not None else ():
        if not isinstance(node, ast.ObjectEntry) or node.short or node.quoted:
            continue
        if node.key is not None and node.key.text == new and isinstance(node.value, ast.NameUse):
            yield node.value.span, node


def _notes(snapshot: Snapshot, thing: Thing) -> Iterator[str]:
    """What a reader of the preview must know."""
    match thing.what:
        case What.OBSERVER:
            yield "metrics and dead letters know an observer by its name: old ones keep the old one"
        case What.ACTION:
            yield "metrics and dead letters know an action by its name: old ones keep the old one"
        case What.ENTITY:
            yield "events name their entity: whoever sends them must use the new name"
        case What.MEMBER:
            yield "the members of an enum are values: what is stored and sent must change too"
        case What.ENDPOINT:
            yield "metrics and circuits know an endpoint by its name"
        case What.FIELD:
            yield from _whole_events(snapshot, thing)


def _whole_events(snapshot: Snapshot, thing: Thing) -> Iterator[str]:
    senders = [
        f"`{model.name}.{action.name}`"
        for model in snapshot.program.observers
        if model.entity is not None and model.entity.name == thing.owner
        for action in model.actions
        if action.sends_event
    ]
    for sender in senders:
        yield f"{sender} sends the whole event: its receiver sees the new name"
