"""Fields of entities and declared types: their types, attributes and duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fql.near import nearest, question
from fql.plan.language.types import ERROR, FIELD_TYPES, Type
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.diagnostics.similar import similar_fix
from fqlc.diagnostics.sink import Sink
from fqlc.names.symbols import EntityInfo, FieldInfo, Symbol, Unread, Uses
from fqlc.source.text import Span
from fqlc.syntax.foreign.table import MEANT_TYPES
from fqlc.syntax.reading.other_languages import FOREIGN
from fqlc.syntax.tree import ast

BUILTIN_NAMES = frozenset(
    ["_id", "_timestamp", "_event", "_entity", "_old", "_new", "_observer", "_run", "_batch"]
)
"""Names that every expression knows; no field may have one."""

_OTHER_ATTRIBUTES = {
    "id": "key", "primary": "key", "primary_key": "key", "pk": "key", "secret": "sensitive",
    "private": "sensitive", "pii": "sensitive", "map": "column", "name": "column",
}  # fmt: skip

ATTRIBUTES = ("key", "sensitive", "column")


def build_row(
    symbol: Symbol, kinds: Mapping[str, str], unread: Unread, sink: Sink, uses: Uses
) -> EntityInfo:
    """The fields of an entity or type. `kinds` tells what each type name is; `unread` where
    else a type may be declared."""
    declaration = symbol.declaration
    if not isinstance(declaration, ast.EntityDeclaration | ast.TypeDeclaration):
        return EntityInfo(symbol.name, symbol.kind, {}, symbol.span, broken=True)
    builder = _RowBuilder(symbol, kinds, unread, sink, uses)
    for field in declaration.fields:
        builder.add(field)
    table = declaration.table.value if isinstance(declaration, ast.EntityDeclaration) and (
        declaration.table is not None
    ) else ""  # fmt: skip
    doc = declaration.doc.text if declaration.doc else ""
    fields = MappingProxyType(builder.fields)
    return EntityInfo(
        name=symbol.name,
        kind=symbol.kind,
        fields=fields,
        span=symbol.span,
        table=table,
        doc=doc,
        broken=symbol.broken,
        computed=MappingProxyType(builder.computed),
    )


class _RowBuilder:
    """Gathers the fields of one row."""

    def __init__(
        self,
        symbol: Symbol,
        kinds: Mapping[str, str],
        unread: Unread,
        sink: Sink,
        uses: Uses,
    ) -> None:
        self.symbol, self.kinds, self.unread = symbol, kinds, unread
        self.sink, self.uses = sink, uses
        self.fields: dict[str, FieldInfo] = {}
        self.computed: dict[str, FieldInfo] = {}
        self.key: Span | None = None

    def add(self, field: ast.FieldDeclaration) -> None:
        name = field.name.text
        earlier = self.fields.get(name) or self.computed.get(name)
        if earlier is not None:
            self._duplicate(field, earlier.span)
            return
        if name in BUILTIN_NAMES:
            self._built_in(field)
        if field.computed is not None:
            self._no_column(field)
        computed = field.computed if self.symbol.kind == "entity" else None
        marks = set() if field.computed is not None else self._attributes(field)
        into = self.fields if computed is None else self.computed
        into[name] = FieldInfo(
            name=name,
            owner=self.symbol.name,
            type=self.field_type(field.type),
            span=field.name.span,
            type_span=field.type.span,
            key="key" in marks,
            sensitive=self._sensitive(field),
            column=self._column(field),
            doc=field.doc.text if field.doc else "",
            computed=computed,
        )

    def _no_column(self, field: ast.FieldDeclaration) -> None:
        """A computed field takes no attributes: it is in no table, and as sensitive as what it
        reads. A type has none: its values are not rows."""
        if self.symbol.kind == "type":
            self._nothing_after_equals(field)
        elif field.attributes:
            self.sink.error(
                "FQL206", "a computed field has no attributes", field.attributes[0].span,
                label="not here",
                help=("it is not a column, and as sensitive as the fields that it reads",),
            )  # fmt: skip

    def _nothing_after_equals(self, field: ast.FieldDeclaration) -> None:
        value = field.computed
        if isinstance(value, ast.NumberLiteral | ast.StringLiteral | ast.WordLiteral):
            gap = Span(value.span.path, field.type.span.end, value.span.end)
            self.sink.error(
                FOREIGN, "a field has no default value", value.span, label="not here",
                help=("whoever sends the value knows defaults",),
                fix=Fix((Edit(gap, ""),), safe=False),
            )  # fmt: skip
        else:
            self.sink.error(
                "FQL206", "a `type` has no computed fields", field.name.span, label="not here",
                help=("compute it where it is used, or in the entity",),
            )  # fmt: skip

    def _duplicate(self, field: ast.FieldDeclaration, first: Span) -> None:
        self.sink.error(
            "FQL203", f"`{self.symbol.name}` declares the field `{field.name.text}` twice",
            field.name.span, label="declared again here",
            labels=(Label(first, "first declared here"),),
        )  # fmt: skip

    def _built_in(self, field: ast.FieldDeclaration) -> None:
        self.sink.error(
            "FQL203", f"`{field.name.text}` is a built-in name and cannot be a field",
            field.name.span, label="built-in name",
            help=('choose another name and keep the column with `@column("...")`',),
        )  # fmt: skip

    # types

    def field_type(self, written: ast.FieldType) -> Type:
        """The type as data; Error where it is unknown (reported)."""
        if written.item is not None:
            return Type("List", written.nullable, self.field_type(written.item))
        if written.name is None:
            return ERROR
        name = written.name.text
        if name in FIELD_TYPES or self._known(written.name):
            return Type(name, written.nullable)
        if not self.unread.may_declare(name, self.sink.comparable((*FIELD_TYPES, *self.kinds))):
            self._unknown_type(written.name)
        return ERROR

    def _known(self, name: ast.Name) -> bool:
        kind = self.kinds.get(name.text)
        if kind in ("type", "enum"):
            self.uses.mark(kind, name.text, name.span)
            return True
        return False

    def _unknown_type(self, name: ast.Name) -> None:
        if self.kinds.get(name.text) == "entity":
            message = f"the entity `{name.text}` cannot be the type of a field"
            self._report_type(name, message, ("declare its shape with `type`",), None)
            return
        known = [n for n, kind in self.kinds.items() if kind != "entity"]
        names = [*sorted(FIELD_TYPES), *known]
        meant = MEANT_TYPES.get(name.text.lower())
        near = meant or nearest(name.text, self.sink.comparable(names))
        help_: tuple[str, ...] = (
            f"the types are {', '.join(f'`{n}`' for n in sorted(FIELD_TYPES))}",
            "others are declared with `type` or `enum`",
        )
        fix: Fix | None = None
        if name.text == "Duration":
            help_ = ("durations exist in expressions only; store a number of seconds",)
        elif near is not None:
            help_ = (f"this type is called `{near}`" if meant else question(near),)
            fix = similar_fix(name.text, near, name.span, alias=meant is not None)
            self.uses.mark(self.kinds.get(near, "type"), near, name.span)
        self._report_type(name, f"unknown type `{name.text}`", help_, fix)

    def _report_type(
        self, name: ast.Name, message: str, help_: tuple[str, ...], fix: Fix | None
    ) -> None:
        self.sink.error("FQL202", message, name.span, label="unknown type", help=help_, fix=fix)

    # attributes

    def _attributes(self, field: ast.FieldDeclaration) -> set[str]:
        seen: dict[str, Span] = {}
        for attribute in field.attributes:
            name = attribute.name.text
            if name not in ATTRIBUTES:
                self._unknown_attribute(attribute)
            elif name in seen:
                self._repeated(attribute, seen[name])
            else:
                seen[name] = attribute.span
                self._arguments(attribute)
        if "key" in seen:
            self._one_key(seen["key"])
        return set(seen)

    def _one_key(self, span: Span) -> None:
        if self.key is not None:
            self.sink.error(
                "FQL203", f"`{self.symbol.name}` has a second `@key`", span,
                label="second `@key`", labels=(Label(self.key, "first `@key`"),),
                help=("an entity has one key field",),
            )  # fmt: skip
        else:
            self.key = span

    def _repeated(self, attribute: ast.Attribute, first: Span) -> None:
        self.sink.error(
            "FQL203", f"`@{attribute.name.text}` is written twice", attribute.span,
            labels=(Label(first, "first written here"),),
        )  # fmt: skip

    def _unknown_attribute(self, attribute: ast.Attribute) -> None:
        name = attribute.name.text
        meant = _OTHER_ATTRIBUTES.get(name.lower())
        near = meant or nearest(name, ATTRIBUTES)
        found = f"@{near}"
        self.sink.error(
            "FQL204", f"unknown attribute `@{name}`", attribute.span, label="unknown attribute",
            help=(f"this attribute is called `{found}`" if meant else question(found),)
            if near else ("a field takes `@key`, `@sensitive` and `@column(\"name\")`",),
            fix=similar_fix(name, near, attribute.name.span),
        )  # fmt: skip

    def _arguments(self, attribute: ast.Attribute) -> None:
        wanted = attribute.name.text == "column"
        fits = len(attribute.arguments) == 1 and isinstance(
            attribute.arguments[0], ast.StringLiteral | ast.ErrorExpression
        )
        if wanted and not fits:
            self.sink.error(
                "FQL206", "`@column` takes the name of the column as one text",
                attribute.span, help=('write `@column("name")`',),
            )  # fmt: skip
        if not wanted and attribute.arguments:
            self.sink.error(
                "FQL206", f"`@{attribute.name.text}` takes no arguments", attribute.span,
            )  # fmt: skip

    @staticmethod
    def _sensitive(field: ast.FieldDeclaration) -> Span | None:
        return next((a.span for a in field.attributes if a.name.text == "sensitive"), None)

    @staticmethod
    def _column(field: ast.FieldDeclaration) -> str:
        for attribute in field.attributes:
            if attribute.name.text == "column" and attribute.arguments:
                argument = attribute.arguments[0]
                if isinstance(argument, ast.StringLiteral):
                    return argument.value
        return field.name.text
