"""The JSON Schema of plans, made from the model: `python -m fql.plan.stored.schema` prints it.

It is shipped beside this module as `plan.schema.json` and published in `docs/reference`.
"""

from __future__ import annotations

import sys
from typing import Any

from fql.exact.writing import pretty_json
from fql.plan.language.expressions import BINARY_OPS, LIST_OPS, UNARY_OPS
from fql.plan.model import FORMAT, Plan

Schema = dict[str, Any]

_EXPRESSION: Schema = {"$ref": "#/$defs/Expression"}
_PARTS: Schema = {"type": "array", "items": {"$ref": "#/$defs/TextPart"}}
_TEXT: Schema = {"type": "string"}


def plan_schema() -> Schema:
    """The schema, JSON Schema draft 2020-12."""
    schema = Plan.model_json_schema(by_alias=True, mode="serialization")
    definitions = schema.setdefault("$defs", {})
    for definition in (*definitions.values(), schema):
        _name_expressions(definition.get("properties", {}))
    definitions["Expression"] = _expression()
    definitions["TextPart"] = _text_part()
    schema["properties"]["format"] = {"const": FORMAT}
    schema["properties"]["digest"]["pattern"] = "^sha256:[0-9a-f]{64}$"
    schema["required"] = ["format", "compiler", "digest"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": f"Plan of fqlc, format {FORMAT}",
    }


_EXPRESSION_FIELDS = frozenset(("when", "by", "url", "path", "body", "value"))


def _name_expressions(properties: dict[str, Schema]) -> None:
    """Objects of any shape in the model are expressions: say so."""
    for name, schema in properties.items():
        if name == "settings":
            schema["additionalProperties"] = _EXPRESSION
        elif name in _EXPRESSION_FIELDS and _is_open(schema):
            properties[name] = _EXPRESSION
        elif name in _EXPRESSION_FIELDS and any(map(_is_open, schema.get("anyOf", ()))):
            schema["anyOf"] = [_EXPRESSION if _is_open(s) else s for s in schema["anyOf"]]


def _is_open(schema: Schema) -> bool:
    return schema.get("type") == "object" and "properties" not in schema


def _node(op: object, **properties: Schema) -> Schema:
    """One kind of node: all properties are required."""
    ops = {"enum": list(op)} if isinstance(op, tuple) else {"const": op}
    named = {"op": ops, "t": {"$ref": "#/$defs/Type"}, **properties}
    return {"type": "object", "properties": named, "required": list(named)}


def _many(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _pair(first: Schema, second: Schema) -> Schema:
    return {"type": "array", "prefixItems": [first, second], "minItems": 2, "maxItems": 2}


def _expression() -> Schema:
    binary = tuple(op for op in BINARY_OPS if op not in ("and", "or"))
    key = {"type": ["string", "null"]}
    entry = {"properties": {"key": key, "value": _EXPRESSION, "optional": {"const": True}}}
    e = _EXPRESSION
    nodes = [
        _node("constant", value={}),
        _node("field", row={"enum": ["row", "new", "old"]}, name=_TEXT),
        _node(("changed", "builtin", "variable"), name=_TEXT),
        _node(("response", "failure"), action=_TEXT),
        _node("member", of=e, name=_TEXT),
        _node("index", of=e, key=e),
        _node(UNARY_OPS, of=e),
        _node(("and", "or"), args=_many(e)),
        _node(binary, left=e, right=e),
        _node("call", name=_TEXT, of=e, args=_many(e)),
        _node(LIST_OPS, of=e, variable=_TEXT, body=e),
        _node("choose", branches=_many(_pair(e, e)), **{"else": e}),
        _node("list", items=_many(e)),
        _node("object", entries=_many({"type": "object", **entry, "required": ["key", "value"]})),
        _node("each", body=e),
        _node("text", parts=_PARTS),
    ]
    return {"description": "An expression; `t` is the type of its value.", "oneOf": nodes}


def _text_part() -> Schema:
    branch = _pair(_EXPRESSION, _PARTS)
    parts: list[Schema] = [
        {"hole": _EXPRESSION},
        {"environment": _TEXT},
        {"choice": _many(branch), "else": _PARTS},
        {"loop": _TEXT, "of": _EXPRESSION, "body": _PARTS, "else": _PARTS},
    ]
    objects = [{"type": "object", "properties": p, "required": list(p)} for p in parts]
    return {"oneOf": [_TEXT, *objects]}


def schema_text() -> str:
    """The published text."""
    schema = plan_schema()
    schema["$defs"]["Type"] = {"type": "string", "description": "Such as `Int`, `[Item?]?`."}
    return pretty_json(schema, sort=True).decode()


if __name__ == "__main__":
    sys.stdout.write(schema_text())
