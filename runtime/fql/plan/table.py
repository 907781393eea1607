"""The named types of a plan by name: enums, declared types, entities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fql.plan.model import DeclaredType, Entity, Enum, Plan


@dataclass(frozen=True, slots=True)
class TypeTable:
    """What a name that is not built in stands for."""

    enums: Mapping[str, Enum] = field(default_factory=dict)
    types: Mapping[str, DeclaredType] = field(default_factory=dict)
    entities: Mapping[str, Entity] = field(default_factory=dict)

    @staticmethod
    def of(plan: Plan) -> TypeTable:
        """The table of a plan."""
        return TypeTable(
            {e.name: e for e in plan.enums},
            {t.name: t for t in plan.types},
            {e.name: e for e in plan.entities},
        )
