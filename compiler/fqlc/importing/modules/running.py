"""Runs the dumper in a process of the application's Python, and reads what it wrote."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fql.exact.reading import NotJson, read_object
from fqlc.importing.failures import SourceMissing
from fqlc.importing.model import Catalog, Column, Enumeration, Kind, Table
from fqlc.importing.modules import dumper
from fqlc.importing.naming import entity_name, pascal
from fqlc.importing.schemas.json_schema import catalog_of_schema

SECONDS = 60
"""How long the application may take to be imported and to tell of its models."""


def read_module(kind: str, target: str, python: str) -> Catalog:
    """What the models say. Raises SourceMissing where the application fails."""
    found, said = _dumped(kind, target, python or sys.executable)
    schema, tables = found.get("schema"), found.get("tables")
    if isinstance(schema, Mapping):
        catalog = catalog_of_schema(schema, target.rpartition(":")[2])
    else:
        catalog = _Maker().catalog(tables if isinstance(tables, Sequence) else ())
    return replace(catalog, remarks=(said,)) if said else catalog


def _dumped(kind: str, target: str, python: str) -> tuple[Mapping[str, object], str]:
    """What the dumper wrote, and what the application printed."""
    command = [python, str(Path(dumper.__file__)), kind, target]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except OSError as error:
        raise SourceMissing(f"{python} cannot be run: {error.strerror}", "check --python") from None
    except subprocess.TimeoutExpired:
        hint = "importing it must not start the application"
        raise SourceMissing(f"{target} took more than {SECONDS} seconds", hint) from None
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode == 0:
        try:
            return read_object(done.stdout), said.strip()
        except NotJson as error:
            raise SourceMissing(f"{target} cannot be read: {error}") from None
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "no reason")
    raise SourceMissing(f"{target} cannot be imported: {last.strip()}", f"with {python}")


@dataclass(slots=True)
class _Maker:
    """Makes a catalog of what was dumped."""

    enums: dict[str, Enumeration] = field(default_factory=dict)

    def catalog(self, tables: Sequence[object]) -> Catalog:
        """All tables."""
        found = tuple(self._table(one) for one in tables if isinstance(one, Mapping))
        return Catalog(found, self.enums)

    def _table(self, one: Mapping[str, object]) -> Table:
        name = str(one["name"]).removeprefix("public.")
        listed, key = one["columns"], one["key"]
        columns = listed if isinstance(listed, Sequence) else ()
        made = tuple(self._column(name, c) for c in columns if isinstance(c, Mapping))
        keys = tuple(map(str, key)) if isinstance(key, Sequence) else ()
        return Table(name, made, keys, str(one["doc"]))

    def _column(self, table: str, one: Mapping[str, object]) -> Column:
        name, kind = str(one["name"]), one["type"]
        virtual = "generated and not stored: no trigger sees its value"
        return Column(
            name,
            self._shape_of(table, name, kind) if isinstance(kind, Mapping) else Kind("JSON"),
            nullable=bool(one["nullable"]),
            doc=str(one["doc"]),
            left_out=virtual if one["virtual"] else "",
            called=str(one.get("called", "")),
        )

    def _shape_of(self, table: str, column: str, kind: Mapping[str, object]) -> Kind:
        inner, members = kind.get("list"), kind.get("members")
        if isinstance(inner, Mapping):
            return Kind(item=self._shape_of(table, column, inner), sparse=True)
        if isinstance(members, Sequence):
            name = str(kind["enum"]) or entity_name(table) + pascal(column)
            self.enums[name] = Enumeration(name, tuple(map(str, members)))
            return Kind(key=name)
        return Kind(str(kind["scalar"]))
