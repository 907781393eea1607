"""A catalog as declarations of the language: names are chosen here, once. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fqlc.importing.model import Catalog, Column, Kind, Table
from fqlc.importing.naming import declared_name, entity_name, field_name, free, is_word, pascal


@dataclass(frozen=True, slots=True)
class Field:
    """A field with its type as it is written; without a `type` it is a column that is left out, and
    `notes` say why."""

    name: str
    type: str
    column: str
    key: bool = False
    doc: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """An entity, with the name of its table, or a type."""

    name: str
    fields: tuple[Field, ...]
    table: str | None = None
    doc: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """An enum."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """An entity after the enums and types that it is the first to need."""

    entity: Row
    needs: tuple[Choice | Row, ...] = ()


@dataclass(slots=True)
class Known:
    """What a file has already: names of its declarations, and the enums and types among them by the
    key of the catalog."""

    names: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)


def declared(
    catalog: Catalog, renamed: Mapping[str, str] | None = None, known: Known | None = None
) -> list[Group]:
    """The declarations for all tables, in their order. `renamed` has names of entities by table."""
    return Maker(catalog, renamed or {}, known or Known()).groups(catalog.tables)


class Maker:
    """Chooses names; each is used once."""

    def __init__(self, catalog: Catalog, renamed: Mapping[str, str], known: Known) -> None:
        self._catalog = catalog
        self._renamed = renamed
        self._known = known
        self._needs: list[Choice | Row] = []

    def groups(self, tables: Sequence[Table]) -> list[Group]:
        """Entities, with what they need. Their names are chosen before those of enums."""
        names = {table.name: self._entity_name(table.name) for table in tables}
        return [self._group(table, names[table.name]) for table in tables]

    def _group(self, table: Table, name: str) -> Group:
        notes = table.notes
        if len(table.key) > 1:
            notes = (*notes, f"no @key: the primary key is {', '.join(table.key)}")
        key = table.key[0] if len(table.key) == 1 else ""
        fields = self.fields(table.columns, key)
        needs = self.taken_needs()
        from_table = table.name if table.from_table else ""
        return Group(Row(name, fields, from_table, table.doc, notes), needs)

    def taken_needs(self) -> tuple[Choice | Row, ...]:
        """The declarations that were needed since the last call."""
        found, self._needs = tuple(self._needs), []
        return found

    def fields(
        self, columns: Iterable[Column], key: str, taken: Collection[str] = ()
    ) -> tuple[Field, ...]:
        """Fields with names that none of `taken` has."""
        found: list[Field] = []
        named = [(column, field_name(column.called or column.name)) for column in columns]
        used = {*taken, *(column.name for column, name in named if name == column.name)}
        for column, wanted in named:
            own = wanted == column.name and wanted not in taken
            name = wanted if own else free(wanted, used)
            used.add(name)
            found.append(self._field(column, name, key=column.name == key))
        return tuple(found)

    def _field(self, column: Column, name: str, *, key: bool) -> Field:
        if column.left_out:
            said = f"left out: `{column.name}`, {column.left_out}"
            return Field(name, "", column.name, notes=(said,))
        written, notes = self.written(column.kind)
        null = "?" if column.nullable and not key else ""
        return Field(name, written + null, column.name, key, column.doc, (*column.notes, *notes))

    def written(self, kind: Kind) -> tuple[str, tuple[str, ...]]:
        """The type as it is written, and what is to be said of it."""
        if kind.item is not None:
            inner, notes = self.written(kind.item)
            return f"[{inner}{'?' if kind.sparse else ''}]", notes
        if not kind.key:
            return kind.name, ()
        if kind.key in self._known.keys:
            return self._known.keys[kind.key], ()
        return self._declared(kind.key)

    def _declared(self, key: str) -> tuple[str, tuple[str, ...]]:
        enum = self._catalog.enums.get(key)
        if enum is None:
            return self._record(key), ()
        odd = [member for member in enum.members if not is_word(member)]
        if odd or not enum.members:
            allowed = ", ".join(map(repr, enum.members[:8])) + (", ..." * (len(enum.members) > 8))
            return "String", (f"one of {allowed}",) if enum.members else ()
        name = self._declared_as(key, pascal(enum.name))
        self._needs.append(Choice(name, tuple(dict.fromkeys(enum.members))))
        return name, ()

    def _record(self, key: str) -> str:
        record = self._catalog.records[key]
        name = self._declared_as(key, pascal(record.name))
        fields = self.fields(record.columns, "")
        self._needs.append(Row(name, fields))
        return name

    def _declared_as(self, key: str, wanted: str) -> str:
        name = declared_name(wanted, self._known.names)
        self._known.names.add(name)
        self._known.keys[key] = name
        return name

    def _entity_name(self, table: str) -> str:
        wanted = self._renamed.get(table)
        if wanted is None:
            schema, _, bare = table.rpartition(".")
            single = entity_name(bare)
            likely = (single, pascal(bare), pascal(schema) + single)
            unused = (n for n in likely if declared_name(n, self._known.names) == n)
            wanted = next(unused, single)
        name = declared_name(wanted, self._known.names)
        self._known.names.add(name)
        return name
