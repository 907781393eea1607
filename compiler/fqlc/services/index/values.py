"""Names in values that are data: rows and answers of tests, and the keys of bodies."""

from __future__ import annotations

from fql.plan.language.types import BUILT_IN, JSON, Type
from fqlc.names.project import Project
from fqlc.services.answers import What
from fqlc.services.index.things import Form, Names, Thing, inside_quotes, key_place
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children


class ValueNames:
    """Adds names of values by the type that they have."""

    def __init__(self, names: Names, project: Project) -> None:
        self._names, self._project = names, project

    def add(self, value: ast.Tree, of: Type) -> None:
        """Add the keys of objects, as fields where the type has such, and members of enums."""
        row = self._project.row(of.name)
        enum = self._project.enum_infos.get(of.name)
        match value:
            case ast.ObjectLiteral(entries=entries):
                for entry in entries:
                    field = row.named(entry.key.text) if row and entry.key else None
                    self._entry(entry, row.name if field and row else "")
                    self.add(entry.value, field.type if field else JSON)
            case ast.ListLiteral(items=items):
                for item in items:
                    self.add(item, of.item or JSON)
            case ast.NameUse(text=text) if enum is not None and text in enum.members:
                self._names.add(value.span, Thing(What.MEMBER, text, enum.name))
            case ast.StringLiteral(value=text) if enum is not None and text in enum.members:
                inside = inside_quotes(value.span)
                self._names.add(inside, Thing(What.MEMBER, text, enum.name), Form.QUOTED)
            case _:
                for child in children(value):
                    self.add(child, JSON)

    def _entry(self, entry: ast.ObjectEntry, owner: str) -> None:
        if entry.key is None or entry.short:
            return
        thing = Thing(What.FIELD if owner else What.PROPERTY, entry.key.text, owner)
        span, form = key_place(entry)
        self._names.add(span, thing, form)

    def type(self, value: ast.Expr) -> None:
        """The name of a type, or a list of one."""
        if isinstance(value, ast.ListLiteral):
            for item in value.items:
                self.type(item)
        elif isinstance(value, ast.NameUse):
            thing = type_named(value.text, self._project)
            if thing is not None:
                self._names.add(value.span, thing)


def type_named(name: str, project: Project) -> Thing | None:
    """What the name of a type stands for."""
    if name in project.types:
        return Thing(What.TYPE, name)
    if name in project.enums:
        return Thing(What.ENUM, name)
    if name in project.entities:
        return Thing(What.ENTITY, name)
    return Thing(What.BUILT_IN, name, What.TYPE) if name in BUILT_IN else None
