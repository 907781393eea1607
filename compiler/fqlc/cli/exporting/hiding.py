"""What tests saw with every sensitive value replaced: what is made of it tells nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from fql.events.model import Row
from fql.expressions.scope import Scope
from fql.plan.language.types import Type, parse_type
from fql.plan.model import EntityField, Observer
from fql.plan.table import TypeTable

HIDDEN = "(sensitive)"

_STAND_INS: Mapping[str, object] = {
    "ID": HIDDEN,
    "String": HIDDEN,
    "JSON": HIDDEN,
    "Int": 0,
    "Float": 0.0,
    "Decimal": Decimal(0),
    "Boolean": False,
    "UUID": "00000000-0000-0000-0000-000000000000",
    "DateTime": datetime(2000, 1, 1, tzinfo=UTC),
    "Date": date(2000, 1, 1),
}
"""What stands for a sensitive value of each scalar type."""


def hidden_scope(scope: Scope, observer: Observer, names: TypeTable) -> Scope:
    """What the actions of a run of an observer saw, without its sensitive values."""
    hiding = _Hiding(names)
    entity = names.entities[scope.entity]
    answers = {node.name: node.config.response or "JSON?" for node in observer.nodes}
    return replace(
        scope,
        new=hiding.row(scope.new, entity.fields),
        old=hiding.row(scope.old, entity.fields),
        responses={
            action: hiding.value(answer, parse_type(answers[action]))
            for action, answer in scope.responses.items()
        },
    )


@dataclass(frozen=True, slots=True)
class _Hiding:
    names: TypeTable

    def row(self, row: Row | None, fields: Sequence[EntityField]) -> dict[str, object] | None:
        """A row, or the object of a declared type."""
        if row is None:
            return None
        return {field.name: self._hidden_field(row.get(field.name), field) for field in fields}

    def _hidden_field(self, value: object, field: EntityField) -> object:
        type_ = parse_type(field.type)
        if value is not None and field.sensitive:
            return self._stand_in(type_)
        return self.value(value, type_)

    def value(self, value: object, type_: Type) -> object:
        """A value that is not sensitive itself, without what is sensitive in it."""
        if isinstance(value, list | tuple) and type_.item is not None:
            return [self.value(item, type_.item) for item in value]
        declared = self.names.types.get(type_.name) or self.names.entities.get(type_.name)
        if declared is not None and isinstance(value, Mapping):
            return self.row(value, declared.fields)
        return value

    def _stand_in(self, type_: Type) -> object:
        if type_.nullable and type_.name not in _STAND_INS:
            return None
        if type_.item is not None:
            return []
        if enum := self.names.enums.get(type_.name):
            return enum.members[0]
        declared = self.names.types.get(type_.name) or self.names.entities.get(type_.name)
        if declared is None:
            return _STAND_INS[type_.name]
        return {field.name: self._stand_in(parse_type(field.type)) for field in declared.fields}
