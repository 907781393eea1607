"""A new name must not mean something already, nor take the meaning of another name away."""

from __future__ import annotations

from collections.abc import Collection

from fqlc.services.answers import What
from fqlc.services.basis.trace import Heard
from fqlc.services.index.heard import meaning_of
from fqlc.services.index.things import Form, Named, Thing
from fqlc.services.snapshot import Snapshot
from fqlc.syntax.tree import ast


def taken_by(snapshot: Snapshot, thing: Thing, new: str) -> str:
    """Why a thing cannot have a name; empty where nothing changes its meaning."""
    if _is_declared(snapshot, thing, new):
        return f"the name `{new}` is taken"
    for use in snapshot.index.uses(thing):
        heard = _heard(snapshot, use)
        if heard is not None and _would_mean_another(heard, thing, new):
            return f"in {_where(snapshot, use)} `{new}` means something else"
    for other in _others(snapshot, new):
        heard = _heard(snapshot, other)
        if heard is not None and _would_be_taken_away(snapshot, other, heard, thing):
            return f"in {_where(snapshot, other)} `{new}` would mean something else"
    return ""


def _is_declared(snapshot: Snapshot, thing: Thing, new: str) -> bool:
    """True where another of the same set of names has the name."""
    project = snapshot.program.project
    if thing.what in (What.ENTITY, What.TYPE, What.ENUM):
        return any(new in group for group in (project.entities, project.types, project.enums))
    if thing.what is What.FIELD:
        row = project.row(thing.owner)
        return (row is not None and row.named(new) is not None) or new in _actions(
            snapshot, thing.owner
        )
    if thing.what is What.ACTION:
        model = next((m for m in snapshot.program.observers if m.name == thing.owner), None)
        row = model.entity if model is not None else None
        if row is not None and row.named(new) is not None:
            return True
    return snapshot.index.declared(Thing(thing.what, new, thing.owner)) is not None and (
        thing.what is not What.VARIABLE
    )


def _actions(snapshot: Snapshot, entity: str) -> Collection[str]:
    """The actions that run for an entity: none may be called as a field of it."""
    return {
        action.name
        for model in snapshot.program.observers
        if model.entity is not None and model.entity.name == entity
        for action in model.actions
    }


def _heard(snapshot: Snapshot, use: Named) -> Heard | None:
    """The bare name at a use; None after a dot, and for what is not an expression."""
    if use.form is Form.DECLARED:
        return None
    start = use.span.start
    for heard in snapshot.trace.around(use.span.path, start):
        written = heard.written
        if isinstance(written, ast.NameUse) and written.span == use.span:
            return heard
        if isinstance(written, ast.MemberAccess) and written.of.span == use.span:
            return heard
    return None


def _would_mean_another(heard: Heard, thing: Thing, new: str) -> bool:
    """True where the new name already means something that is found before the thing."""
    found = meaning_of(new, heard)
    if found is None:
        return False
    return _RANK[found.what] <= _RANK[thing.what]


_RANK = {
    What.MEMBER: 0, What.VARIABLE: 1, What.BUILT_IN: 2, What.FIELD: 3, What.ACTION: 4, What.LET: 5,
}  # fmt: skip
"""In which order a bare name is looked up."""


def _others(snapshot: Snapshot, new: str) -> list[Named]:
    """The bare names that are called so already."""
    return [use for use in snapshot.index.called(new) if use.thing.what in _RANK]


def _would_be_taken_away(snapshot: Snapshot, other: Named, heard: Heard, thing: Thing) -> bool:
    """True where the renamed thing would be found before what a name means now."""
    if thing.what not in _RANK or _RANK[thing.what] >= _RANK[other.thing.what]:
        return False
    scope = heard.scope
    if thing.what is What.MEMBER:
        return heard.expected is not None and heard.expected.name == thing.owner
    if thing.what is What.FIELD:
        return scope.entity is not None and scope.entity.name == thing.owner
    if thing.what is What.VARIABLE:
        return thing.name in scope.variables
    return thing.name in scope.actions and _is_in(snapshot, other, thing.owner)


def _is_in(snapshot: Snapshot, use: Named, observer: str) -> bool:
    block = snapshot.block_at(use.span.path, use.span.start)
    return block is not None and block.name is not None and block.name.text == observer


def _where(snapshot: Snapshot, use: Named) -> str:
    line = snapshot.sources[use.span.path].position(use.span.start).line
    return f"{use.span.path}, line {line},"
