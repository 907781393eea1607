"""What was found, whatever it was found in: tables with columns, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fql.outbox.fitting import FitTable


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value: a type of the language by its name, a declaration of the catalog by its
    key, or a list of `item`, each of which may be null where it is `sparse`."""

    name: str = ""
    key: str = ""
    item: Kind | None = None
    sparse: bool = False


STRING, INT, JSON = Kind("String"), Kind("Int"), Kind("JSON")


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or a field of a declared type. `notes` are told in comments; one with `left_out`
    has no field, for that reason; `called` is the name that an application has for it."""

    name: str
    kind: Kind
    nullable: bool = False
    doc: str = ""
    notes: tuple[str, ...] = ()
    left_out: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table by the name that an entity gives; `key` are the columns of its primary key. `fits`
    says what its columns can hold, for a comparison with an entity. `from_table` is false for what
    exists in an application only."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    doc: str = ""
    fits: FitTable | None = None
    notes: tuple[str, ...] = ()
    from_table: bool = True


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A closed set of texts, with the name that it suggests."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """An object with fields, with the name that it suggests."""

    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Tables and what their columns refer to by key. `problems` are what could not be read, one
    sentence each, `remarks` what else a person should know."""

    tables: tuple[Table, ...] = ()
    enums: Mapping[str, Enumeration] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
