"""Does a table fit the entity over it? FQL501 to FQL508. Pure: findings from plan and facts.

Each database says in facts of its own what its columns are; it brings them into those of this
module, with what their values can be. A misfit is a warning: it says what the first real change
would say, before it comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fql.near import did_you_mean
from fql.outbox.wanted import column_name
from fql.plan.language.types import Type, parse_type
from fql.plan.model import Entity, EntityField, Plan
from fql.plan.table import TypeTable


@dataclass(frozen=True, slots=True)
class FitColumn:
    """A column: what it is `declared` as, the kinds of types that none of its values fits (names of
    scalar types, `Enum`, `List`, `Object`), and the type that would be `better`. An array has the
    column of its `items`. `members` are the texts that it allows, as `said` by what; `bytes_in` is
    true for one whose values no event can carry, except for those of a UUID."""

    declared: str
    refuses: Collection[str] = ()
    better: str = ""
    not_null: bool = False
    bytes_in: bool = False
    members: tuple[str, ...] = ()
    said: str = "CHECK"
    items: FitColumn | None = None


@dataclass(frozen=True, slots=True)
class FitTable:
    """A table: columns by name, the primary key and the other unique keys. Where names are
    `folded`, their case means nothing."""

    name: str
    columns: Mapping[str, FitColumn]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    folded: bool = False

    def same(self, name: str) -> str:
        """A name in the form in which names are compared."""
        return name.lower() if self.folded else name

    def column(self, name: str) -> FitColumn | None:
        """The column of this name."""
        wanted = self.same(name)
        return next((c for known, c in self.columns.items() if self.same(known) == wanted), None)


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
    tables: Mapping[str, FitTable],
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
        for found in _of_entity(entity, tables.get(entity.table), known, types, complete)
    ]


def unreadable(found: Iterable[Misfit]) -> set[str]:
    """The entities of which no row can be read: a table or a column is missing."""
    return {one.place.partition(".")[0] for one in found if one.code in ("FQL501", "FQL502")}


def _of_entity(
    entity: Entity, table: FitTable | None, known: Collection[str], types: TypeTable,
    complete: bool,
) -> Iterator[Misfit]:  # fmt: skip
    if table is None:
        wanted = entity.table.removeprefix("public.")
        hint = did_you_mean(wanted, known) or "create it, or correct the name after `from`"
        yield Misfit("FQL501", entity.name, f"there is no table `{wanted}`", hint)
        return
    for field in entity.fields:
        yield from _of_field(f"{entity.name}.{field.name}", field, table, types)
    yield from _of_key(entity, table)
    if complete:
        yield from _without_field(entity, table)


def _of_field(
    place: str, field: EntityField, table: FitTable, types: TypeTable
) -> Iterator[Misfit]:
    name, type_ = column_name(field), parse_type(field.type)
    column = table.column(name)
    if column is None:
        hint = did_you_mean(name, table.columns) or 'create it, or name another with @column("...")'
        yield Misfit("FQL502", place, f"`{table.name}` has no column `{name}`", hint)
        return
    if column.bytes_in and type_.name != "UUID":
        message = f"column `{name}` is a {column.declared}, which no event can carry"
        yield Misfit("FQL506", place, message, "take the field out of the entity")
        return
    if better := _unfit(type_, column, types):
        hint = f"declare it as {better}"
        message = f"{type_.required()} cannot hold column `{name}`, declared as {column.declared}"
        yield Misfit("FQL503", place, message, hint)
    keys = map(table.same, table.primary_key)
    if not type_.nullable and not column.not_null and table.same(name) not in keys:
        message = f"column `{name}` may be null, and {field.type} may not"
        yield Misfit("FQL504", place, message, f"declare it as {field.type}?")
    yield from _of_members(place, name, type_, column, types)


def _of_members(
    place: str, name: str, type_: Type, column: FitColumn, types: TypeTable
) -> Iterator[Misfit]:
    enum = types.enums.get(type_.name)
    if enum is None or not column.members:
        return
    more = [member for member in column.members if member not in enum.members]
    fewer = [member for member in enum.members if member not in column.members]
    if more or fewer:
        said = [f"it lacks {', '.join(more)}"] if more else []
        said += [f"the column never holds {', '.join(fewer)}"] if fewer else []
        message = f"enum {type_.name} differs from the {column.said} of column `{name}`"
        yield Misfit("FQL505", place, message, " and ".join(said))


def _of_key(entity: Entity, table: FitTable) -> Iterator[Misfit]:
    key = {table.same(column_name(field)) for field in entity.fields if field.key}
    if not key:
        return
    known = [table.primary_key, *table.unique]
    if not any(columns and set(map(table.same, columns)) == key for columns in known):
        columns = ", ".join(f"`{name}`" for name in table.primary_key) or "none"
        message = f"@key is not a key of `{table.name}`; its primary key: {columns}"
        yield Misfit("FQL507", entity.name, message, "put @key on the field of that column")


def _without_field(entity: Entity, table: FitTable) -> Iterator[Misfit]:
    fields = {table.same(column_name(field)) for field in entity.fields}
    for name in table.columns:
        if table.same(name) not in fields:
            message = f"column `{name}` of `{table.name}` has no field"
            yield Misfit("FQL508", entity.name, message, "add one, if events need it")


def _unfit(type_: Type, column: FitColumn, types: TypeTable) -> str:
    """The type to declare instead where none of the column's values fits this one; or nothing."""
    if type_.item is not None and column.items is not None:
        inner = _unfit(type_.item, column.items, types)
        return f"[{inner}]" if inner else ""
    return column.better if kind_of(type_, types) in column.refuses else ""


def kind_of(type_: Type, types: TypeTable) -> str:
    """The kind of a type in what a column refuses."""
    if type_.is_list:
        return "List"
    if type_.name in types.types:
        return "Object"
    return "Enum" if type_.name in types.enums else type_.name
