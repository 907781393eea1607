"""What statements have made so far: tables and types, by schema and name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from fql.outbox.postgresql.capture.facts import Column, Described, Generated, Named, TableFacts

Name = tuple[str, str]
_SERIAL = {"serial": "int4", "bigserial": "int8", "smallserial": "int2", "serial4": "int4",
           "serial8": "int8", "serial2": "int2"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TypeUse:
    """A type as it is written: schema (empty where none is), name, dimensions of an array."""

    schema: str
    name: str
    dimensions: int = 0


@dataclass(slots=True)
class Made:
    """A column as far as statements tell."""

    type: TypeUse
    not_null: bool = False
    generated: Generated = ""
    comment: str = ""


@dataclass(slots=True)
class Relation:
    """A table or composite type."""

    kind: str = "r"
    columns: dict[str, Made] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    comment: str = ""
    partition: bool = False


@dataclass(slots=True)
class State:
    """All of it. `schema` is where a name without one is."""

    relations: dict[Name, Relation] = field(default_factory=dict)
    enums: dict[Name, tuple[str, ...]] = field(default_factory=dict)
    domains: dict[Name, Made] = field(default_factory=dict)
    schema: str = "public"

    def described(self) -> Iterator[Described]:
        """Tables and composite types, as a live database describes them."""
        for (schema, name), one in sorted(self.relations.items()):
            if one.partition:
                continue
            columns = {n: self._column_of(n, made, one) for n, made in one.columns.items()}
            facts = TableFacts(
                schema=schema,
                name=name,
                columns={n: column.fact for n, column in columns.items()},
                primary_key=one.key,
                unique=tuple(one.unique),
                kind=one.kind,
            )
            yield Described(facts, columns, one.comment)

    def _column_of(self, name: str, made: Made, relation: Relation) -> Named:
        use, not_null, many, most = made.type, made.not_null or name in relation.key, False, 0
        for _ in range(20):  # a domain may be over a domain
            many, most = many or bool(use.dimensions), max(most, use.dimensions)
            domain = self.domains.get(self._found(use, self.domains) or ("", ""))
            if domain is None:
                break
            use, not_null = domain.type, not_null or (domain.not_null and not many)
        return self._resolved(use, made, not_null=not_null, many=many, most=most)

    def _resolved(
        self, use: TypeUse, made: Made, *, not_null: bool, many: bool, most: int
    ) -> Named:
        enum, composite = self._found(use, self.enums), self._found(use, self.relations)
        known = enum or composite
        schema, name = known or ("pg_catalog", _SERIAL.get(use.name, use.name))
        fact = Column(
            type=name,
            declared=use.name + "[]" * use.dimensions,
            kind="e" if enum else "c" if composite else "b",
            array=many,
            not_null=not_null or use.name in _SERIAL,
            generated=made.generated,
            members=self.enums[enum] if enum else (),
        )
        return Named(fact, schema, most, made.comment)

    def _found(self, use: TypeUse, among: Mapping[Name, object]) -> Name | None:
        if use.schema:
            return (use.schema, use.name) if (use.schema, use.name) in among else None
        near = ((self.schema, use.name), ("public", use.name))
        far = (key for key in among if key[1] == use.name)
        return next((key for key in (*near, *far) if key in among), None)

    # Changes ------------------------------------------------------------------------------

    def copy_columns(self, into: Relation, name: Name) -> None:
        """Columns of a table that another one inherits from or is like."""
        source = self.relations.get(name)
        for column, made in (source.columns if source else {}).items():
            into.columns.setdefault(column, replace(made))
