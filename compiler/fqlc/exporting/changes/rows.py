"""How rows change: entities, types and enums, and what that means for events and answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fql.plan.kinds import CALL
from fql.plan.language.types import parse_type
from fql.plan.model import DeclaredType, Entity, EntityField, Plan, PlanNode
from fql.plan.table import TypeTable
from fqlc.exporting.actions import actions_of
from fqlc.exporting.changes.model import Area, Change, P, documented, named
from fqlc.exporting.fitting import Fit
from fqlc.exporting.shapes import names_in
from fqlc.exporting.typed import reached, typed

Row = Entity | DeclaredType


@dataclass(frozen=True, slots=True)
class Sent:
    """The declared names that receivers of both plans get values of."""

    names: frozenset[str]
    fit: Fit

    @staticmethod
    def of(old: Plan, new: Plan) -> Sent:
        """Of the actions that both plans have."""
        before, after = ({a.name: a for a in actions_of(plan)} for plan in (old, new))
        both = [a for name, a in after.items() if name in before and a.body is not None]
        start = [named for a in both if a.body for named in names_in(a.body.shape)]
        tables = TypeTable.of(new), TypeTable.of(old)
        return Sent(frozenset(one.name for one in reached(start, tables[0])), Fit(*tables))

    def breaks(self, old: EntityField, new: EntityField) -> bool:
        """Whether values of a field may be none that it could have before."""
        now, before = (typed(parse_type(one.type)) for one in (new, old))
        return any(self.fit.misfits(now, before))


def row_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """All changes of entities, types and enums that both plans have."""
    sent = Sent.of(old, new)
    whole = _sent_whole(new)
    answers = _within(new, (_base(text) for text in _responses(new)))
    rows = _within(new, (entity.name for entity in new.entities))
    for name, one, other in _in_both(old.entities, new.entities):
        area = Area.PAYLOAD if name in whole else Area.COSMETIC
        yield from _row(one, other, area, _REFUSED[name in answers, name in rows], sent)
        if one.table != other.table:
            former = f"in {one.table}" if one.table else "in none"
            words = f"its rows are in {other.table or 'no table'}, previously {former}"
            yield Change(Area.TRIGGERS, name, words)
    for name, before, after in _in_both(old.types, new.types):
        refused = _REFUSED[name in answers, name in rows]
        yield from _row(before, after, Area.PAYLOAD, refused, sent)
    yield from _enums(old, new, sent)


def _in_both(old: Iterable[P], new: Iterable[P]) -> Iterator[tuple[str, P, P]]:
    """Names that both have, sorted, each with what it was and what it is."""
    before, after = named(old), named(new)
    for name in sorted(before.keys() & after.keys()):
        yield name, before[name], after[name]


def _sent_whole(plan: Plan) -> frozenset[str]:
    """The entities whose rows some action sends as they are, having no body of its own."""
    return frozenset(
        trigger.entity
        for observer in plan.observers
        if any(_sends_row(node) for node in observer.nodes)
        for trigger in observer.on
    )


def _sends_row(node: PlanNode) -> bool:
    return node.kind != CALL and node.config.body is None and node.config.format != "none"


def _responses(plan: Plan) -> Iterator[str]:
    for observer in plan.observers:
        for node in observer.nodes:
            if node.config.response:
                yield node.config.response


def _base(type_text: str) -> str:
    """The name inside `[T?]?` and the like."""
    return type_text.strip("[]?!")


def _within(plan: Plan, names: Iterable[str]) -> frozenset[str]:
    """The entities and types of these names, and all that their fields are made of."""
    declared: dict[str, Row] = {**named(plan.types), **named(plan.entities)}
    found: set[str] = set()
    waiting = [name for name in names if name in declared]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            inner = (_base(field.type) for field in declared[name].fields)
            waiting += [name for name in inner if name in declared]
    return frozenset(found)


_EVENTS = (Area.TRIGGERS, "events without it are refused")
_ANSWERS = (Area.DELIVERY, "an action whose answer lacks it becomes dead")
_REFUSED: Mapping[tuple[bool, bool], Sequence[tuple[Area, str]]] = {
    (False, False): (),
    (False, True): (_EVENTS,),
    (True, False): (_ANSWERS,),
    (True, True): (_EVENTS, _ANSWERS),
}
"""What a required field means, for what is part of answers and of rows."""


def _row(
    old: Row, new: Row, area: Area, refused: Sequence[tuple[Area, str]], sent: Sent
) -> Iterator[Change]:
    """`area` is what a field touches that no expression names."""
    before, after = named(old.fields), named(new.fields)
    for field in sorted(before.keys() | after.keys()):
        where = f"{new.name}.{field}"
        if field not in after:
            yield Change(area, where, "is gone", breaking=new.name in sent.names)
        elif field in before:
            breaks = new.name in sent.names and sent.breaks(before[field], after[field])
            yield from _field(where, before[field], after[field], refused, breaking=breaks)
        elif after[field].type.endswith("?"):
            yield Change(area, where, f"is new: {after[field].type}")
        else:
            for kind, words in refused or ((area, "nothing uses it"),):
                text = f"is new and required: {after[field].type}; {words}"
                yield Change(kind, where, text, breaking=kind is Area.DELIVERY)
    kept = [field for field in after if field in before]
    if kept != [field for field in before if field in after]:
        yield Change(Area.COSMETIC, new.name, "the fields are in a different order")
    yield from documented(new.name, old, new)


def _field(
    where: str, old: EntityField, new: EntityField, refused: Sequence[tuple[Area, str]], *,
    breaking: bool,
) -> Iterator[Change]:  # fmt: skip
    if old.type != new.type:
        words = f"is {new.type}, previously {old.type}"
        yield Change(Area.PAYLOAD, where, words, breaking=breaking)
        if old.type == f"{new.type}?":
            for kind, why in refused:
                text = f"is required: {why}"
                yield Change(kind, where, text, breaking=kind is Area.DELIVERY)
    if old.column != new.column:
        words = f"comes from the column {new.column}, previously {old.column}"
        yield Change(Area.TRIGGERS, where, words)
    if old.key != new.key:
        yield Change(Area.DELIVERY, where, "is the key" if new.key else "is no longer the key")
    if old.sensitive != new.sensitive:
        words = "is sensitive" if new.sensitive else "is no longer sensitive"
        yield Change(Area.COSMETIC, where, words)
    yield from documented(where, old, new)


def _enums(old: Plan, new: Plan, sent: Sent) -> Iterator[Change]:
    for name, one, other in _in_both(old.enums, new.enums):
        had, has = one.members, other.members
        for member in had:
            if member not in has:
                words = f"`{member}` is gone: events with it are refused"
                yield Change(Area.TRIGGERS, name, words)
        for member in has:
            if member not in had:
                words = f"`{member}` is new: events with it are accepted"
                yield Change(Area.TRIGGERS, name, words, breaking=name in sent.names)
        yield from documented(name, one, other)
