"""Facts of PostgreSQL tables as a catalog. Pure, and free of psycopg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fql.outbox.postgresql.capture.facts import Described, Named
from fql.outbox.postgresql.capture.fits import fit_table
from fqlc.importing.model import Catalog, Column, Enumeration, Kind, Record, Table

_TYPES: Mapping[str, str] = {
    "int2": "Int", "int4": "Int", "int8": "Int", "numeric": "Decimal", "float4": "Float",
    "float8": "Float", "bool": "Boolean", "uuid": "UUID", "timestamptz": "DateTime",
    "timestamp": "DateTime", "date": "Date", "json": "JSON", "jsonb": "JSON", "hstore": "JSON",
    "geometry": "JSON",
}  # fmt: skip
"""By `pg_type.typname`; everything else is a text. A type with a cast to json comes as that."""


def catalog_of(
    found: Sequence[Described],
    *,
    views: bool,
    problems: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> Catalog:
    """The tables, and the views if they are asked for."""
    maker = _Maker({(d.facts.schema, d.facts.name): d for d in found if d.facts.kind == "c"})
    kinds = ("r", "p", "v", "m") if views else ("r", "p")
    tables, faults = [], list(problems)
    for one in found:
        if one.facts.kind not in kinds:
            continue
        if "." in one.facts.name:
            faults.append(f"table `{one.facts.name}` cannot be named after `from`: it has a dot")
            continue
        name = f"{one.facts.schema}.{one.facts.name}".removeprefix("public.")
        columns = maker.columns(one.columns)
        fits = fit_table(one.facts)
        tables.append(Table(name, columns, one.facts.primary_key, one.comment, fits))
    return Catalog(tuple(tables), maker.enums, maker.records, tuple(faults), tuple(remarks))


class _Maker:
    """Makes columns, and collects the enums and types that they refer to."""

    def __init__(self, composites: Mapping[tuple[str, str], Described]) -> None:
        self._composites = composites
        self.enums: dict[str, Enumeration] = {}
        self.records: dict[str, Record] = {}

    def columns(self, columns: Mapping[str, Named], *, loose: bool = False) -> tuple[Column, ...]:
        """Columns of a table; those of a `loose` row may all be null."""
        return tuple(self._column(name, one, loose=loose) for name, one in columns.items())

    def _column(self, name: str, one: Named, *, loose: bool) -> Column:
        if one.fact.generated == "virtual":
            reason = "generated and not stored: no trigger sees its value"
            return Column(name, Kind(), left_out=reason)
        notes = [f"`{name}` comes as text such as $12,345.67"] if one.fact.type == "money" else []
        kind = self._kind_of(one)
        if one.fact.array:
            kind = Kind(item=kind, sparse=True) if one.dimensions < 2 else Kind("JSON")
        nullable = loose or not one.fact.not_null
        return Column(name, kind, nullable, one.comment, tuple(notes))

    def _kind_of(self, one: Named) -> Kind:
        key = f"{one.schema}.{one.fact.type}"
        if one.fact.kind == "e":
            self.enums[key] = Enumeration(one.fact.type, one.fact.members)
            return Kind(key=key)
        if one.fact.kind == "c":
            return self._record(key, self._composites.get((one.schema, one.fact.type)))
        return Kind(_TYPES.get(one.fact.type, "String"))

    def _record(self, key: str, found: Described | None) -> Kind:
        if found is None:
            return Kind("JSON")
        if key not in self.records:
            self.records[key] = Record(found.facts.name, ())  # it may hold itself
            fields = self.columns(found.columns, loose=True)
            self.records[key] = Record(found.facts.name, fields)
        return Kind(key=key)
