"""What a SQLite database says about a table, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fql.plan.model import Entity

Affinity = Literal["TEXT", "INTEGER", "REAL", "NUMERIC", "NONE"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its declared type, whether null is refused, and where its value comes from:
    `generated` is empty, `stored` or `virtual`. `members` are the texts that its CHECK allows,
    where it is a list of them."""

    declared: str = ""
    not_null: bool = False
    generated: Literal["", "stored", "virtual"] = ""
    members: tuple[str, ...] = ()

    @property
    def affinity(self) -> Affinity:
        """What SQLite turns values into that are written to the column."""
        declared = self.declared.upper()
        if "INT" in declared:
            return "INTEGER"
        if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
            return "TEXT"
        if not declared or "BLOB" in declared or declared == "ANY":
            return "NONE"
        return "REAL" if any(word in declared for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"


@dataclass(frozen=True, slots=True)
class Part:
    """A column of a unique index, and the collation in which its values are distinguished."""

    column: str
    collation: str = "BINARY"


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What the database says about a table. `unique` holds each unique index besides the primary
    key; `rowid` is the name under which the row id can be read, or empty for a table WITHOUT
    ROWID; `kind` is `table`, `view` or `virtual`; in a `strict` table each value is of the
    declared type of its column."""

    name: str
    columns: Mapping[str, Column]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[Part, ...], ...] = ()
    rowid: str = "rowid"
    key_is_rowid: bool = False
    kind: str = "table"
    strict: bool = False

    def column(self, name: str) -> Column | None:
        """The column of this name, in any case."""
        wanted = name.lower()
        return next((c for known, c in self.columns.items() if known.lower() == wanted), None)


def table_name(entity: Entity) -> str:
    """The table of an entity in SQLite, which has no schemas: `public.orders` is `orders`."""
    return entity.table.rpartition(".")[2]
