"""Facts of a SQLite table as a comparison with an entity needs them. Pure.

SQLite takes a declaration as a preference, so a column refuses a type only where none of its usual
values fits, and a column without a declaration refuses none.
"""

from __future__ import annotations

from collections.abc import Mapping

from fql.outbox.fitting import FitColumn, FitTable
from fql.outbox.sqlite.capture.facts import Column, TableFacts


def fit_table(table: TableFacts) -> FitTable:
    """The table with what its columns can hold."""
    return FitTable(
        table.name,
        {name: _fit_column(column) for name, column in table.columns.items()},
        table.primary_key,
        tuple(tuple(part.column for part in parts) for parts in table.unique),
        folded=True,
    )


def _fit_column(column: Column) -> FitColumn:
    kind = _kind(column)
    return FitColumn(
        column.declared,
        _REFUSED.get(kind, ()),
        _BETTER[kind],
        not_null=column.not_null,
        bytes_in="BLOB" in column.declared.upper(),
        members=column.members,
    )


def _kind(column: Column) -> str:
    declared = column.declared.upper()
    if column.affinity != "NUMERIC":
        return column.affinity
    return next((kind for word, kind in _WORDS if word in declared), "NONE")


_WORDS = (
    ("BOOL", "BOOLEAN"), ("TIME", "MOMENT"), ("DATE", "MOMENT"), ("DEC", "DECIMAL"),
    ("NUM", "DECIMAL"),
)  # fmt: skip
_DOCUMENTS = ("List", "Object")
_TEXTS = ("String", "Enum", "UUID", *_DOCUMENTS)
_REFUSED: Mapping[str, tuple[str, ...]] = {
    "TEXT": ("Int", "Float", "Boolean"),
    "INTEGER": (*_TEXTS, "Date"),
    "REAL": (*_TEXTS, "ID", "Int", "Boolean", "Date"),
    "BOOLEAN": (*_TEXTS, "ID", "DateTime", "Date"),
    "MOMENT": ("Int", "Float", "Boolean", "UUID", "Decimal", "Enum", *_DOCUMENTS),
    "DECIMAL": (*_TEXTS, "ID", "Boolean", "Date"),
}
_BETTER: Mapping[str, str] = {
    "TEXT": "String",
    "INTEGER": "Int",
    "REAL": "Float",
    "BOOLEAN": "Boolean",
    "MOMENT": "DateTime, Date or String",
    "DECIMAL": "Decimal",
    "NONE": "",
}
