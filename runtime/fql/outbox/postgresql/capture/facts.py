"""What a PostgreSQL database says about a table, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fql.plan.model import Entity

Generated = Literal["", "stored", "virtual"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `type` is the name of its type in `pg_type`, that of the base where it is a
    domain, that of the items where it is an array; `declared` is what a person would write.
    `kind` is `typtype` of that type: b base, e enum, c composite, r range, m multirange. `members`
    are those of an enum, `exact` is false where texts mean less or more than their
    characters: under a collation for which different ones are equal, and in a database that is not
    in UTF-8, where order, length and patterns go by bytes."""

    type: str
    declared: str = ""
    kind: str = "b"
    array: bool = False
    not_null: bool = False
    generated: Generated = ""
    members: tuple[str, ...] = ()
    exact: bool = True


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What the database says about a table. `kind` is `relkind`: r table, p partitioned, v view,
    f foreign. `leaves` are the tables that hold its rows, quoted with their schemas: itself, or its
    partitions. `children` counts tables that inherit from it otherwise."""

    schema: str
    name: str
    columns: Mapping[str, Column]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    kind: str = "r"
    leaves: tuple[str, ...] = ()
    children: int = 0


@dataclass(frozen=True, slots=True)
class Named:
    """A column with the schema of its type, how many dimensions were declared if it is an array,
    and what its comment says."""

    fact: Column
    schema: str = "pg_catalog"
    dimensions: int = 0
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """A table, view (kinds `v` and `m`) or composite type (`c`) with its columns in order."""

    facts: TableFacts
    columns: Mapping[str, Named]
    comment: str = ""


def table_name(entity: Entity) -> tuple[str, str]:
    """Schema and table of an entity; without a schema it is in `public`."""
    schema, _, table = entity.table.rpartition(".")
    return schema or "public", table
