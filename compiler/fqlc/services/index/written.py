"""Names that are told from what is written and the table of keys: declarations, types, keys,
words, and names of other declarations."""

from __future__ import annotations

import re

from fqlc.checks.table.blocks import ACTIONS, BLOCKS
from fqlc.checks.table.keys import BlockKind
from fqlc.names.imports import target_path
from fqlc.names.project import Project
from fqlc.services.answers import What
from fqlc.services.index.keys import KeyNames
from fqlc.services.index.things import Form, Names, Thing, inside_quotes
from fqlc.services.index.values import type_named
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk

WHAT = {
    "observer": What.OBSERVER, "endpoint": What.ENDPOINT, "retry": What.RETRY,
    "test": What.TEST, "defaults": What.DEFAULTS, "enum": What.ENUM, "type": What.TYPE,
    "entity": What.ENTITY, "let": What.LET,
}  # fmt: skip
"""What the name of a declaration is, by its first word."""

_FOR = re.compile(r"\{%-?\s*(?:for\s+(?P<name>\w+)\s+in\b|(?P<end>endfor\b))")


class WrittenNames:
    """Adds the names of one file that follow from what is written."""

    def __init__(self, names: Names, project: Project) -> None:
        self._names, self._project = names, project

    def add_all(self, file: ast.File) -> None:
        """Add the names of all declarations."""
        for node in walk(file):
            if isinstance(node, ast.StringLiteral):
                self._literal(node)
            elif isinstance(node, ast.ObjectEntry) and node.short:
                self._names.shorts.add((node.value.span.start, node.value.span.end))
        for declaration in file.declarations:
            self._declaration(declaration)

    def _literal(self, literal: ast.StringLiteral) -> None:
        """`${NAME}`, and variables of `for` in templates."""
        for start, end, name in literal.environment:
            span = literal.inside(start + 2, end - 1)
            self._names.add(span, Thing(What.ENVIRONMENT, name))
        if not literal.is_template:
            return
        tags = list(_FOR.finditer(literal.value))
        for tag, after in zip(tags, [*tags[1:], None], strict=False):
            if tag["name"] and tag.start() not in literal.escaped:
                span = literal.inside(*tag.span("name"))
                end = literal.inside(after.start(), after.start()).start if after else (
                    literal.span.end
                )  # fmt: skip
                self._names.scopes.append((span.start, end, tag["name"], span))
                thing = Thing(What.VARIABLE, tag["name"], f"{span.path}:{span.start}")
                self._names.add(span, thing, Form.DECLARED)

    def _declaration(self, declaration: ast.Declaration) -> None:
        match declaration:
            case ast.ImportDeclaration(path=written):
                target = target_path(self._names.path, written.value)
                inside = inside_quotes(written.span)
                self._names.add(inside, Thing(What.FILE, target))
            case ast.EnumDeclaration(name=name, members=members):
                self._declare(What.ENUM, name)
                for member in members:
                    self._declare(What.MEMBER, member.name, name.text)
            case ast.TypeDeclaration() | ast.EntityDeclaration():
                self._with_fields(declaration)
            case ast.LetDeclaration(name=name):
                self._declare(What.LET, name)
            case ast.Block():
                self._block(declaration)
            case ast.BrokenDeclaration(kind=kind, name=ast.Name() as name) if kind in WHAT:
                self._declare(WHAT[kind], name)

    def _declare(self, what: What, name: ast.Name, owner: str = "") -> None:
        self._names.add(name.span, Thing(what, name.text, owner), Form.DECLARED)

    def _with_fields(self, declaration: ast.TypeDeclaration | ast.EntityDeclaration) -> None:
        entity = isinstance(declaration, ast.EntityDeclaration)
        self._declare(What.ENTITY if entity else What.TYPE, declaration.name)
        for field in declaration.fields:
            self._declare(What.FIELD, field.name, declaration.name.text)
            self._type(field.type)
            for attribute in field.attributes:
                self._names.add(attribute.name.span, Thing(What.ATTRIBUTE, attribute.name.text))

    def _type(self, written: ast.FieldType) -> None:
        if written.item is not None:
            self._type(written.item)
        elif written.name is not None:
            thing = type_named(written.name.text, self._project)
            if thing is not None:
                self._names.add(written.name.span, thing)

    def _block(self, block: ast.Block) -> None:
        kind = BLOCKS.get(block.kind.text)
        if kind is None:
            return
        self._names.add(block.kind.span, Thing(What.KEYWORD, kind.name))
        if block.name is not None and kind.name in WHAT:
            self._declare(WHAT[kind.name], block.name)
        observer = block.name.text if block.name is not None and kind.name == "observer" else ""
        self._entries(block, kind, observer)
        for child in block.blocks:
            self._action(child, observer)
        if block.flow is not None:
            for node in walk(block.flow):
                if isinstance(node, ast.Step):
                    self._names.add(node.span, Thing(What.ACTION, node.name, observer))

    def _action(self, block: ast.Block, observer: str) -> None:
        kind = ACTIONS.get(block.kind.text)
        if kind is None:
            return
        self._names.add(block.kind.span, Thing(What.KEYWORD, kind.name))
        if block.name is not None:
            self._declare(What.ACTION, block.name, observer)
        self._entries(block, kind, observer)

    def _entries(self, block: ast.Block, kind: BlockKind, observer: str) -> None:
        reader = KeyNames(self._names, self._project, block, kind, observer)
        for entry in block.entries:
            reader.add(entry)
