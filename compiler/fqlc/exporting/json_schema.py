"""Bodies as one JSON Schema, draft 2020-12."""

from __future__ import annotations

from fqlc.exporting.openapi import shapes_of
from fqlc.exporting.schemas import Schema, Writer
from fqlc.exporting.wanted import Wanted

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_AT = "#/$defs/"


def json_schema(wanted: Wanted) -> Schema:
    """A schema of each body under `$defs`, by `observer.action`; the whole takes any of them."""
    found: Schema = {"$schema": DRAFT, "title": f"What is sent to {wanted.title}"}
    if wanted.doc:
        found["description"] = wanted.doc
    sent = [action for action in wanted.actions if action.body is not None]
    if not sent:
        return {**found, "not": {}}
    writer = Writer(sent[0].names, _AT, wanted.closed)
    bodies: Schema = {}
    for action in sent:
        if action.body is not None:
            schema = writer.schema(action.body.shape)
            if action.node.doc:
                schema["description"] = action.node.doc
            examples = [one.body for one in wanted.examples.get(action.name, ())]
            bodies[action.name] = {**schema, "examples": examples} if examples else schema
    found["anyOf"] = [{"$ref": _AT + name} for name in bodies]
    found["$defs"] = {**bodies, **writer.components(shapes_of(sent, answers=False))}
    return found
