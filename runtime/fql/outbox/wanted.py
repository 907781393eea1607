"""What of a table a plan wants to know: which events, which old values, of which rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fql.plan.language import expressions as x
from fql.plan.language.nodes import load_expression
from fql.plan.model import Entity, EntityField, Observer, Plan
from fql.plan.table import TypeTable
from fql.sql.pushed import Sides, Test, any_of, pushed_test

EVENTS = ("insert", "update", "delete")
EVERY = Test()
"""The test where every row is written."""

MOST_CONDITIONS = 50
_LONGEST_TEST = 10_000
"""Beyond these a test costs the writer more than the events that it keeps away."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What observers want to know of one entity. `events` are those that some observer watches;
    `old` the fields whose value before an update is needed; `conditions` those of the observers of
    an event, without an entry where one of them has none."""

    entity: Entity
    events: tuple[str, ...]
    old: tuple[EntityField, ...] = ()
    conditions: dict[str, tuple[x.Expr, ...]] = field(default_factory=dict)
    types: TypeTable = field(default_factory=TypeTable)

    def test(self, event: str, sides: Sides) -> Test:
        """What a trigger tests before it tells this event of rows with these names."""
        conditions = self.conditions.get(event, ())
        if not conditions or len(conditions) > MOST_CONDITIONS:
            return EVERY
        found = any_of([pushed_test(one, sides, self.entity, self.types) for one in conditions])
        return found if len(found.sql) <= _LONGEST_TEST else EVERY


def wanted_of(plan: Plan) -> list[Wanted]:
    """What is wanted of each entity that has a table and an observer."""
    types = TypeTable.of(plan)
    found = []
    for entity in plan.entities:
        events = tuple(event for event in EVENTS if _observers(plan, entity, event))
        if not entity.table or not events:
            continue
        before = _old_values(_observers(plan, entity, "update"))
        found.append(
            Wanted(
                entity,
                events,
                tuple(field for field in entity.fields if field.name in before),
                {event: _conditions(_observers(plan, entity, event)) for event in events},
                types,
            )
        )
    return found


def _observers(plan: Plan, entity: Entity, event: str) -> list[Observer]:
    return [
        observer
        for observer in plan.observers
        if any(on.entity == entity.name and on.event == event for on in observer.on)
    ]


def _old_values(observers: Sequence[Observer]) -> set[str]:
    return {name for observer in observers for name in observer.requires.old_values}


def _conditions(observers: Sequence[Observer]) -> tuple[x.Expr, ...]:
    """Their conditions, the same ones once; none where one observer takes every row."""
    stored = [observer.when for observer in observers]
    found = [load_expression(when) for when in stored if when is not None]
    return tuple(dict.fromkeys(found)) if len(found) == len(stored) else ()


def column_name(field: EntityField) -> str:
    """The column of a field."""
    return field.column or field.name
