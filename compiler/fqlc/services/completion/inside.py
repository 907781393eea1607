"""Completion within the entries of a block, by the kinds of the table of keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from fql.plan.language.types import Type
from fql.plan.policy.keys import Key, Kind
from fqlc.checks.reading.values import SECRET_KEYS
from fqlc.checks.table.blocks import BLOCKS
from fqlc.services.answers import CompletionItem, What
from fqlc.services.completion import texts, values
from fqlc.services.completion.keys import of_block, of_keys
from fqlc.services.completion.place import Place
from fqlc.services.knowing.contracted import body_schemas, keys_to, schema_text
from fqlc.services.probing.probe import Probe
from fqlc.syntax.tree import ast


def in_entry(
    place: Place, read: Probe, block: ast.Block, entry: ast.Entry, rest: Sequence[ast.Tree]
) -> Iterator[CompletionItem]:
    """What can be in an entry: its key, or what the key takes. `rest` leads from the entry to the
    name."""
    kind = BLOCKS.get(block.kind.text)
    if kind is None:
        return
    if len(rest) == 1 and isinstance(rest[0], ast.Name):
        yield from of_block(place, block, kind)
    elif (key := kind.key(entry.key.text)) is not None:
        yield from _in_value(place, read, key, rest)


def is_header(block: ast.Block, entry: ast.Entry, rest: Sequence[ast.Tree]) -> bool:
    """True for the name of a header."""
    kind = BLOCKS.get(block.kind.text)
    key = kind.key(entry.key.text) if kind is not None else None
    return key is not None and key.kind is Kind.HEADERS and isinstance(rest[-1], ast.Name)


def _in_value(
    place: Place, read: Probe, key: Key, rest: Sequence[ast.Tree]
) -> Iterator[CompletionItem]:
    """Within the value of a key of a block."""
    block = read.block
    if block is None:
        return
    match rest:
        case [ast.NameUse()] | [ast.ListLiteral(), ast.NameUse()]:
            yield from values.of_key(place, key, block)
        case [*_, ast.MemberAccess(), ast.Name()] if key.kind in (Kind.TRIGGERS, Kind.TRIGGER):
            yield from values.events(place)
        case [ast.ObjectLiteral() as whole, ast.ObjectEntry() as entry, *inner]:
            yield from _in_object(place, read, key, whole, entry, inner)
        case [ast.ListLiteral(), ast.ObjectLiteral() as whole, ast.ObjectEntry(), *_] if (
            key.kind is Kind.SECRETS
        ):
            yield from of_keys(place, SECRET_KEYS, _keys_written(whole))


_WITH_KEYS = frozenset({Kind.OBJECT, Kind.ORDER, Kind.CONTRACT, Kind.SECRETS})


def _in_object(  # noqa: PLR0917 - an object and its place
    place: Place,
    read: Probe,
    key: Key,
    whole: ast.ObjectLiteral,
    entry: ast.ObjectEntry,
    inner: Sequence[ast.Tree],
) -> Iterator[CompletionItem]:
    """Within an object: its keys, or the value of one."""
    block = read.block
    at_key = bool(inner) and isinstance(inner[-1], ast.Name) and len(inner) == 1
    spread = entry.key is None
    if spread and key.names and block is not None:
        yield from values.of_key(place, key, block)
    elif at_key and key.kind is Kind.HEADERS:
        yield from texts.headers(place, quoted=False)
    elif at_key and key.kind in _WITH_KEYS:
        keys = SECRET_KEYS if key.kind is Kind.SECRETS else key.keys
        yield from of_keys(place, keys, _keys_written(whole))
    elif key.kind is Kind.BODY:
        yield from _properties(place, read, [whole, entry, *inner])
    elif key.kind is Kind.ROW:
        yield from _in_row(place, read, whole, entry, inner)
    elif key.kind in (Kind.ANSWERS, Kind.BY_ACTION) and at_key:
        yield from _action_keys(place, read, whole)
    elif key.kind is Kind.ANSWERS and isinstance(inner[-1], ast.Name):
        yield from _answer_keys(place, key, inner)
    elif key.keys and entry.key is not None and not at_key:
        sub = key.sub(entry.key.text)
        if sub is not None:
            yield from _in_value(place, read, sub, inner)


def _properties(place: Place, read: Probe, nodes: Sequence[ast.Tree]) -> Iterator[CompletionItem]:
    """The properties of a contract that the object at the name has not yet: required ones first."""
    entry = read.entry()
    name = entry[0].name if entry is not None else None
    action = read.model.action(name.text) if read.model is not None and name is not None else None
    objects = [node for node in nodes if isinstance(node, ast.ObjectLiteral)]
    is_key = len(nodes) > 1 and isinstance(nodes[-2], ast.ObjectEntry)
    if action is None or not objects or not is_key or not isinstance(nodes[-1], ast.Name):
        return
    written, path = _keys_written(objects[-1]), list(keys_to(nodes))[:-1]
    for schema in body_schemas(action, path):
        for label, of in schema.properties.items():
            if label not in written and not of.read_only:
                required = label in schema.required
                yield place.item(
                    label, What.PROPERTY, f"{label}: $1" if label.isidentifier()
                    else f'"{label}": $1', detail=schema_text(of) + ("" if required else "?"),
                    doc=of.description, order=-2 if required else 1, snippet=True,
                )  # fmt: skip


def _keys_written(whole: ast.ObjectLiteral) -> set[str]:
    return {e.key.text for e in whole.entries if e.key is not None}


def _action_keys(place: Place, read: Probe, whole: ast.ObjectLiteral) -> Iterator[CompletionItem]:
    for item in values.actions(place, read.block, _keys_written(whole)):
        yield place.item(
            item.label, item.what, f"{item.label}: $1", detail=item.detail, snippet=True
        )


def _answer_keys(place: Place, key: Key, inner: Sequence[ast.Tree]) -> Iterator[CompletionItem]:
    """The keys of one answer of a receiver."""
    for outer, node in pairwise(inner):
        if isinstance(outer, ast.ObjectLiteral) and isinstance(node, ast.ObjectEntry):
            yield from of_keys(place, key.keys, _keys_written(outer))
            return


def _in_row(
    place: Place,
    read: Probe,
    whole: ast.ObjectLiteral,
    entry: ast.ObjectEntry,
    inner: Sequence[ast.Tree],
) -> Iterator[CompletionItem]:
    """The fields of the row of a test, and members of enums as their values."""
    of = _entity(read.block)
    if of is None:
        return
    if isinstance(inner[-1], ast.Name) and len(inner) == 1:
        yield from values.of_row(place, of, _keys_written(whole))
        return
    row = place.snapshot.row(of.name)
    field = row.named(entry.key.text) if row is not None and entry.key is not None else None
    enum = place.snapshot.enum(field.type.name) if field is not None else None
    for name in enum.members if enum is not None else ():
        yield place.item(name, What.MEMBER, detail=enum.name if enum is not None else "")
    if field is not None and field.type.name == "Boolean":
        yield from (place.item(word, What.WORD) for word in ("true", "false"))


def _entity(block: ast.Block | None) -> Type | None:
    """The entity of the event that a test sends."""
    for entry in block.entries if block is not None else ():
        value = entry.value
        if entry.key.text == "event" and isinstance(value, ast.MemberAccess):
            return Type(value.of.text) if isinstance(value.of, ast.NameUse) else None
    return None
