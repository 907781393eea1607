"""Does a table fit the entity over it? FQL501 to FQL508. Pure: findings from plan and facts.

SQLite keeps any value in any column, so these are warnings: they say what the first real change
would say, before it comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fql.near import did_you_mean
from fql.outbox.sqlite.capture.facts import Column, TableFacts, table_name
from fql.outbox.wanted import column_name
from fql.plan.language.types import Type, parse_type
from fql.plan.model import Entity, EntityField, Plan
from fql.plan.table import TypeTable

MOMENTS = ("DateTime", "Date")


@dataclass(frozen=True, slots=True)
class Misfit:
    """A warning: where it is, as `Order.note`, what is wrong, and what to do."""

    code: str
    place: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"warning[{self.code}] {self.place}: {self.message}; {self.hint}"


def misfits(
    plan: Plan,
    entities: Iterable[Entity],
    tables: Mapping[str, TableFacts],
    known: Collection[str],
    *,
    complete: bool = False,
) -> list[Misfit]:
    """What does not fit. `tables` are facts by the name an entity gives, `known` the names of all
    tables; with `complete` also columns without a field."""
    types = TypeTable.of(plan)
    return [
        found
        for entity in entities
        for found in _of_entity(entity, tables.get(table_name(entity)), known, types, complete)
    ]


def _of_entity(
    entity: Entity, table: TableFacts | None, known: Collection[str], types: TypeTable,
    complete: bool,
) -> Iterator[Misfit]:  # fmt: skip
    if table is None:
        wanted = table_name(entity)
        hint = did_you_mean(wanted, known) or "create it, or correct the name after `from`"
        yield Misfit("FQL501", entity.name, f"there is no table `{wanted}`", hint)
        return
    for field in entity.fields:
        yield from _of_field(f"{entity.name}.{field.name}", field, table, types)
    yield from _of_key(entity, table)
    if complete:
        yield from _without_field(entity, table)


def _of_field(
    place: str, field: EntityField, table: TableFacts, types: TypeTable
) -> Iterator[Misfit]:
    name, type_ = column_name(field), parse_type(field.type)
    column = table.column(name)
    if column is None:
        hint = did_you_mean(name, table.columns) or 'create it, or name another with @column("...")'
        yield Misfit("FQL502", place, f"`{table.name}` has no column `{name}`", hint)
        return
    if "BLOB" in column.declared.upper() and type_.name != "UUID":
        message = f"column `{name}` is a {column.declared}, which no event can carry"
        yield Misfit("FQL506", place, message, "take the field out of the entity")
        return
    if problem := _unfit(type_, column, types):
        hint = f"declare it as {problem}"
        message = f"{type_.required()} cannot hold column `{name}`, declared as {column.declared}"
        yield Misfit("FQL503", place, message, hint)
    if not type_.nullable and not _never_null(name, column, table):
        message = f"column `{name}` may be null, and {field.type} may not"
        yield Misfit("FQL504", place, message, f"declare it as {field.type}?")
    yield from _of_members(place, name, type_, column, types)


def _of_members(
    place: str, name: str, type_: Type, column: Column, types: TypeTable
) -> Iterator[Misfit]:
    enum = types.enums.get(type_.name)
    if enum is None or not column.members:
        return
    more = [member for member in column.members if member not in enum.members]
    fewer = [member for member in enum.members if member not in column.members]
    if more or fewer:
        said = [f"it lacks {', '.join(more)}"] if more else []
        said += [f"the column never holds {', '.join(fewer)}"] if fewer else []
        message = f"enum {type_.name} differs from the CHECK of column `{name}`"
        yield Misfit("FQL505", place, message, " and ".join(said))


def _of_key(entity: Entity, table: TableFacts) -> Iterator[Misfit]:
    key = {column_name(field).lower() for field in entity.fields if field.key}
    if not key:
        return
    unique = [table.primary_key, *(tuple(p.column for p in parts) for parts in table.unique)]
    if not any(columns and {c.lower() for c in columns} == key for columns in unique):
        columns = ", ".join(f"`{name}`" for name in table.primary_key) or "none"
        message = f"@key is not a key of `{table.name}`; its primary key: {columns}"
        yield Misfit("FQL507", entity.name, message, "put @key on the field of that column")


def _without_field(entity: Entity, table: TableFacts) -> Iterator[Misfit]:
    fields = {column_name(field).lower() for field in entity.fields}
    for name in table.columns:
        if name.lower() not in fields:
            message = f"column `{name}` of `{table.name}` has no field"
            yield Misfit("FQL508", entity.name, message, "add one, if events need it")


def _never_null(name: str, column: Column, table: TableFacts) -> bool:
    return column.not_null or name.lower() in {key.lower() for key in table.primary_key}


def _unfit(type_: Type, column: Column, types: TypeTable) -> str:
    """The type to declare instead where none of the column's values fits this one; or nothing.
    SQLite takes a declaration as a preference, so a column without one fits every type."""
    kind = _kind(column)
    name = "Text" if type_.name in types.enums else type_.name
    if type_.is_list or type_.name in types.types:
        name = "Document"
    return _BETTER[kind] if name in _UNFIT.get(kind, ()) else ""


def _kind(column: Column) -> str:
    declared = column.declared.upper()
    if column.affinity != "NUMERIC":
        return column.affinity
    return next((kind for word, kind in _WORDS if word in declared), "NONE")


_WORDS = (
    ("BOOL", "BOOLEAN"), ("TIME", "MOMENT"), ("DATE", "MOMENT"), ("DEC", "DECIMAL"),
    ("NUM", "DECIMAL"),
)  # fmt: skip
_TEXTS = ("String", "Text", "UUID", "Document")
_UNFIT: Mapping[str, tuple[str, ...]] = {
    "TEXT": ("Int", "Float", "Boolean"),
    "INTEGER": (*_TEXTS, "Date"),
    "REAL": (*_TEXTS, "ID", "Int", "Boolean", "Date"),
    "BOOLEAN": (*_TEXTS, "ID", *MOMENTS),
    "MOMENT": ("Int", "Float", "Boolean", "UUID", "Decimal", "Text", "Document"),
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
