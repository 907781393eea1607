"""Does the type that a person wrote stay? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fql.outbox.fitting import FitColumn
from fql.plan.language.types import Type
from fqlc.importing.model import Kind

_NARROWER: Mapping[str, frozenset[str]] = {
    "String": frozenset({"Enum", "ID", "UUID", "Decimal", "Date", "DateTime", "Object"}),
    "JSON": frozenset({"Object", "List"}),
    "Int": frozenset({"ID", "Boolean", "DateTime"}),
    "UUID": frozenset({"ID"}),
    "Float": frozenset({"DateTime"}),
    "DateTime": frozenset({"Date"}),
}
"""By the type that an import writes: what somebody may have put there who knows the values better.
It stays where the column can hold it."""


@dataclass(frozen=True, slots=True)
class Held:
    """How a type in a file is understood: `enums`, `types` name the declarations of the file."""

    enums: frozenset[str]
    types: frozenset[str]

    def kind(self, type_: Type) -> str:
        """The kind of a type in what a column refuses."""
        if type_.is_list:
            return "List"
        if type_.name in self.types:
            return "Object"
        return "Enum" if type_.name in self.enums else type_.name

    def stays(self, type_: Type, kind: Kind, column: FitColumn | None) -> bool:
        """Whether a column of this kind leaves the type as it is; null is another question."""
        if column is not None and not kind.item and self.kind(type_) in column.refuses:
            return False
        if kind.item is not None:
            return type_.item is not None and self._item_stays(type_.item, kind, column)
        if kind.key:
            return self.kind(type_) in ("Enum", "Object")
        return type_.name == kind.name or self.kind(type_) in _NARROWER.get(kind.name, ())

    def _item_stays(self, item: Type, kind: Kind, column: FitColumn | None) -> bool:
        inner = kind.item or Kind()
        fits = column.items if column is not None else None
        return item.nullable == kind.sparse and self.stays(item, inner, fits)
