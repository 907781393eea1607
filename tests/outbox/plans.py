"""Small plans for tests of capture: entities and triggers, no actions."""

from __future__ import annotations

from collections.abc import Sequence

from fql.plan.model import Entity, EntityField, Observer, Plan, Requirements, Trigger

ORDER_FIELDS = (
    ("id", "Int"),
    ("email", "String?"),
    ("status", "String"),
    ("total", "Decimal?"),
    ("paid", "Boolean?"),
    ("at", "DateTime?"),
)


def entity(
    name: str = "Order",
    table: str = "public.orders",
    fields: Sequence[tuple[str, str]] = ORDER_FIELDS,
    columns: dict[str, str] | None = None,
) -> Entity:
    """An entity over a table; `columns` renames."""
    renamed = columns or {}
    return Entity(
        name=name,
        table=table,
        fields=tuple(
            EntityField(name=n, type=t, column=renamed.get(n, n), key=n == "id") for n, t in fields
        ),
    )


def plan(*events: str, old: Sequence[str] = (), entities: Sequence[Entity] | None = None) -> Plan:
    """A plan with one observer for each `Entity.event`."""
    observers = []
    for event in events:
        name, _, kind = event.partition(".")
        trigger = Trigger.model_validate({"entity": name, "event": kind})
        observers.append(
            Observer(
                name=f"on_{name}_{kind}".lower(),
                on=(trigger,),
                requires=Requirements(old_values=tuple(old)),
                nodes=(),
                edges=(),
            )
        )
    return Plan(
        format="fql-plan/1",
        compiler="test",
        digest="sha256:test",
        entities=tuple(entities or (entity(),)),
        observers=tuple(observers),
    )
