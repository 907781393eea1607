"""Names in the entries of a block, by the kinds of the table of keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fql.plan.language.types import JSON, Type
from fql.plan.policy.keys import Key, Kind
from fqlc.checks.reading.values import SECRET_KEYS
from fqlc.checks.table.keys import BlockKind
from fqlc.names.imports import target_path
from fqlc.names.project import Project
from fqlc.services.answers import What
from fqlc.services.index.things import Names, Thing, key_place
from fqlc.services.index.values import ValueNames
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk

NAMED = {"endpoint": What.ENDPOINT, "observer": What.OBSERVER, "retry": What.RETRY}
"""What a key names, by `Key.names`."""


class KeyNames:
    """Adds the names of the entries of one block; `observer` is the one that it is in."""

    def __init__(
        self, names: Names, project: Project, block: ast.Block, kind: BlockKind, observer: str
    ) -> None:
        self._names, self._project, self._kind = names, project, kind
        self._values = ValueNames(names, project)
        self._observer = observer or _name_given(block, "observer")
        self._entity = _entity(block)

    def add(self, entry: ast.Entry) -> None:
        """Add the names of an entry."""
        key = self._kind.key(entry.key.text)
        if key is not None:
            self._known_key(key, entry.key.span, entry.value, self._kind.name)

    def _known_key(self, key: Key, name: Span, value: ast.Expr, owner: str) -> None:
        self._names.add(name, Thing(What.KEY, key.name, owner))
        rule = _RULES.get(key.kind)
        if rule is not None:
            rule(self, key, value, owner)

    def _subkeys(self, keys: Sequence[Key], value: ast.Expr, owner: str) -> None:
        by_name = {key.name: key for key in keys}
        for entry in value.entries if isinstance(value, ast.ObjectLiteral) else ():
            key = by_name.get(entry.key.text) if entry.key is not None else None
            if key is not None and entry.key is not None:
                self._known_key(key, entry.key.span, entry.value, owner)

    # names of declarations

    def _named_thing(self, key: Key, value: ast.Expr, owner: str) -> None:
        del owner
        if isinstance(value, ast.NameUse):
            self._names.add(value.span, Thing(NAMED[key.names], value.text))

    def _triggers(self, value: ast.Expr) -> None:
        for node in walk(value):
            if isinstance(node, ast.MemberAccess) and isinstance(node.of, ast.NameUse):
                self._names.add(node.of.span, Thing(What.ENTITY, node.of.text))
                self._names.add(node.name.span, Thing(What.EVENT, node.name.text))

    def _in_braces(self, key: Key, value: ast.Expr, owner: str) -> None:
        self._named_thing(key, value, owner) if key.names else None
        for entry in value.entries if isinstance(value, ast.ObjectLiteral) else ():
            if entry.key is None and key.names:
                self._named_thing(key, entry.value, owner)
        self._subkeys(key.keys, value, f"{owner}.{key.name}")

    def _order(self, key: Key, value: ast.Expr, owner: str) -> None:
        self._subkeys(key.keys, value, f"{owner}.{key.name}")

    def _contract(self, key: Key, value: ast.Expr, owner: str) -> None:
        """The file of a contract, without a pointer into it."""
        for node in walk(value) if key.name == "contract" else ():
            if isinstance(node, ast.StringLiteral):
                path = node.value.partition("#")[0]
                inside = node.inside(0, len(path))
                self._names.add(inside, Thing(What.FILE, target_path(self._names.path, path)))
        if key.kind is Kind.CONTRACT:
            self._subkeys(key.keys, value, f"{owner}.{key.name}")

    # words and texts

    def _words(self, key: Key, value: ast.Expr, owner: str) -> None:
        for node in walk(value):
            if isinstance(node, ast.NameUse):
                self._names.add(node.span, Thing(What.WORD, node.text, f"{owner}.{key.name}"))

    def _secrets(self, key: Key, value: ast.Expr, owner: str) -> None:
        for node in walk(value):
            self._subkeys(SECRET_KEYS, node, f"{owner}.{key.name}") if isinstance(
                node, ast.ObjectLiteral
            ) else None

    def _function(self, key: Key, value: ast.Expr, owner: str) -> None:
        del key, owner
        for node in walk(value):
            if isinstance(node, ast.NameUse):
                self._names.add(node.span, Thing(What.FUNCTION, node.text))
            elif isinstance(node, ast.MemberAccess):
                self._names.add(node.name.span, Thing(What.FUNCTION, node.name.text))

    def _keys_as(self, what: What, value: ast.Expr) -> None:
        for entry in value.entries if isinstance(value, ast.ObjectLiteral) else ():
            if entry.key is not None:
                span, form = key_place(entry)
                self._names.add(span, Thing(what, entry.key.text), form)

    def _properties(self, value: ast.Expr) -> None:
        self._values.add(value, JSON)

    def _listed(self, key: Key, value: ast.Expr, owner: str) -> None:
        """Names of actions in a test, of keys of the body in `encryption`."""
        for item in value.items if isinstance(value, ast.ListLiteral) else ():
            if isinstance(item, ast.NameUse):
                thing = Thing(What.ACTION, item.text, self._observer)
                if not owner.startswith("test"):
                    thing = Thing(What.PROPERTY, item.text)
                self._names.add(item.span, thing)
        del key

    # tests

    def _by_action(self, key: Key, value: ast.Expr, owner: str) -> None:
        del key, owner
        for entry in value.entries if isinstance(value, ast.ObjectLiteral) else ():
            if entry.key is not None:
                self._action(entry)
                self._properties(entry.value)

    def _answers(self, key: Key, value: ast.Expr, owner: str) -> None:
        for entry in value.entries if isinstance(value, ast.ObjectLiteral) else ():
            if entry.key is None:
                continue
            self._action(entry)
            found = entry.value
            answers = found.items if isinstance(found, ast.ListLiteral) else (found,)
            for answer in answers:
                self._subkeys(key.keys, answer, f"{owner}.{key.name}")
                self._body(answer, entry.key.text)

    def _body(self, answer: ast.Expr, action: str) -> None:
        """The body of an answer has the fields of the type that the action declares."""
        of = self._response(action)
        for entry in answer.entries if isinstance(answer, ast.ObjectLiteral) else ():
            if entry.key is not None and entry.key.text == "body" and of is not None:
                self._values.add(entry.value, of)

    def _response(self, action: str) -> Type | None:
        symbol = self._project.observers.get(self._observer)
        block = symbol.declaration if symbol is not None else None
        for child in block.blocks if isinstance(block, ast.Block) else ():
            if child.name is not None and child.name.text == action:
                return next(
                    (_type(e.value) for e in child.entries if e.key.text == "response"), None
                )
        return None

    def _action(self, entry: ast.ObjectEntry) -> None:
        if entry.key is not None:
            span, form = key_place(entry)
            self._names.add(span, Thing(What.ACTION, entry.key.text, self._observer), form)


_RULES: Mapping[Kind, Callable[[KeyNames, Key, ast.Expr, str], None]] = {
    Kind.NAME: KeyNames._named_thing,
    Kind.TYPE: lambda names, _k, value, _o: names._values.type(value),
    Kind.TRIGGERS: lambda names, _k, value, _o: names._triggers(value),
    Kind.TRIGGER: lambda names, _k, value, _o: names._triggers(value),
    Kind.OBJECT: KeyNames._in_braces,
    Kind.ORDER: KeyNames._order,
    Kind.CONTRACT: KeyNames._contract,
    Kind.TEXT: KeyNames._contract,
    Kind.HEADERS: lambda names, _k, value, _o: names._keys_as(What.HEADER, value),
    Kind.WORD: KeyNames._words,
    Kind.WORDS: KeyNames._words,
    Kind.NAMES: KeyNames._listed,
    Kind.SECRETS: KeyNames._secrets,
    Kind.BODY: lambda names, _k, value, _o: names._properties(value),
    Kind.ARGUMENTS: lambda names, _k, value, _o: names._properties(value),
    Kind.FUNCTION: KeyNames._function,
    Kind.ROW: lambda names, _k, value, _o: names._values.add(value, Type(names._entity)),
    Kind.ANSWERS: KeyNames._answers,
    Kind.BY_ACTION: KeyNames._by_action,
}


def _type(value: ast.Expr) -> Type | None:
    if isinstance(value, ast.ListLiteral) and len(value.items) == 1:
        item = _type(value.items[0])
        return None if item is None else Type("List", item=item)
    return Type(value.text) if isinstance(value, ast.NameUse) else None


def _name_given(block: ast.Block, key: str) -> str:
    value = next((e.value for e in block.entries if e.key.text == key), None)
    return value.text if isinstance(value, ast.NameUse) else ""


def _entity(block: ast.Block) -> str:
    """The entity of the event that a test sends."""
    value = next((e.value for e in block.entries if e.key.text == "event"), None)
    if isinstance(value, ast.MemberAccess) and isinstance(value.of, ast.NameUse):
        return value.of.text
    return ""
