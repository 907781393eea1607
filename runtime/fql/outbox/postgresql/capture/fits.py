"""Facts of a PostgreSQL table as a comparison with an entity needs them. Pure.

A column holds values of its type alone, and capture hands them on by `to_json`; so what fits a type
is a table, and what is not in it comes as a text.
"""

from __future__ import annotations

from collections.abc import Mapping

from fql.outbox.fitting import FitColumn, FitTable
from fql.outbox.postgresql.capture.facts import Column, TableFacts

_SCALARS = frozenset({
    "ID", "String", "Int", "Float", "Decimal", "Boolean", "UUID", "DateTime", "Date", "Enum",
})  # fmt: skip
_DOCUMENTS = frozenset({"List", "Object"})
_NUMBERS = frozenset({"Int", "Float", "Decimal"})
_TEXT = _SCALARS - _NUMBERS - {"Boolean"} | {"Decimal"}
_OPAQUE = frozenset({"String", "ID"})

_FITS: Mapping[str, tuple[frozenset[str], str]] = {
    "int2": (_NUMBERS | {"ID"}, "Int"), "int4": (_NUMBERS | {"ID"}, "Int"),
    "int8": (_NUMBERS | {"ID"}, "Int"),
    "numeric": (_NUMBERS, "Decimal"), "float4": (_NUMBERS, "Float"), "float8": (_NUMBERS, "Float"),
    "bool": (frozenset({"Boolean"}), "Boolean"), "uuid": (_OPAQUE | {"UUID"}, "UUID"),
    "text": (_TEXT, "String"), "varchar": (_TEXT, "String"), "bpchar": (_TEXT, "String"),
    "name": (_TEXT, "String"), "citext": (_TEXT, "String"),
    "timestamptz": (_OPAQUE | {"DateTime"}, "DateTime"),
    "timestamp": (_OPAQUE | {"DateTime"}, "DateTime"), "date": (_OPAQUE | {"Date"}, "Date"),
    "json": (_SCALARS | _DOCUMENTS, "JSON"), "jsonb": (_SCALARS | _DOCUMENTS, "JSON"),
    "hstore": (frozenset({"Object"}), "JSON"),
}  # fmt: skip
"""By `pg_type.typname`: the kinds that some value of the type fits, and the one that all fit."""


def fit_table(table: TableFacts) -> FitTable:
    """The table with what its columns can hold."""
    return FitTable(
        f"{table.schema}.{table.name}".removeprefix("public."),
        {name: _column(column) for name, column in table.columns.items()},
        table.primary_key,
        table.unique,
    )


def _column(column: Column) -> FitColumn:
    fits, better = _fitting(column)
    if column.array:
        items = FitColumn(column.declared, _refused(fits), better, not_null=True)
        return FitColumn(
            column.declared, _SCALARS | {"Object"}, f"[{better}]", column.not_null, items=items
        )
    return FitColumn(
        column.declared,
        _refused(fits),
        better,
        column.not_null,
        members=column.members,
        said="enum type",
    )


def _fitting(column: Column) -> tuple[frozenset[str], str]:
    if column.kind == "e":
        return _OPAQUE | {"Enum"}, "String or an enum"
    if column.kind == "c":
        return frozenset({"Object"}), "JSON"
    return _FITS.get(column.type, (_OPAQUE, "String"))


def _refused(fits: frozenset[str]) -> frozenset[str]:
    return (_SCALARS | _DOCUMENTS) - fits
