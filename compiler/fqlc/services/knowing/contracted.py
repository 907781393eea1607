"""What a contract says of the body at a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fqlc.checks.model import ActionModel
from fqlc.contracts.model import Schema
from fqlc.syntax.tree import ast


def body_schemas(action: ActionModel, path: Iterable[str]) -> tuple[Schema, ...]:
    """The schemas of an object in the body of an action, reached by its keys; none without a
    contract, or where it says nothing."""
    content = action.contract.operation.body if action.contract is not None else None
    found = content.json() if content is not None else None
    whole = found[1] if found is not None else None
    schemas: tuple[Schema, ...] = () if whole is None else tuple(whole.parts())
    for key in path:
        schemas = tuple(
            part
            for schema in schemas
            if (inner := schema.properties.get(key)) is not None
            for part in inner.parts()
        )
    return schemas


def property_of(action: ActionModel, path: Sequence[str]) -> Schema | None:
    """The schema of a key in the body of an action."""
    if not path:
        return None
    for schema in body_schemas(action, path[:-1]):
        found = schema.properties.get(path[-1])
        if found is not None:
            return found
    return None


def keys_to(nodes: Iterable[ast.Tree]) -> Iterator[str]:
    """The keys of the objects that nodes lead through."""
    for node in nodes:
        if isinstance(node, ast.ObjectEntry) and node.key is not None:
            yield node.key.text


def schema_text(schema: Schema) -> str:
    """The type of a schema in a few words."""
    if schema.name:
        return schema.name
    types = " or ".join(sorted(schema.types or ()))
    return f"{types} ({schema.format})" if schema.format else types
