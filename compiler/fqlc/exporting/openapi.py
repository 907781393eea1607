"""Webhooks as an OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Iterable

from fqlc.emit.picture import condition_text
from fqlc.exporting.actions import Action, url_text
from fqlc.exporting.answers import responses
from fqlc.exporting.headers import SHARED, parameters, schemes_of
from fqlc.exporting.schemas import Schema, Writer
from fqlc.exporting.shapes import Shape
from fqlc.exporting.wanted import Example, Wanted

SCHEMAS = "#/components/schemas/"


def openapi(wanted: Wanted) -> Schema:
    """The document without its version."""
    actions = wanted.actions
    info: Schema = {"title": f"Webhooks of {wanted.title}", "version": ""}
    if wanted.doc:
        info["description"] = wanted.doc
    if not actions:
        return {"openapi": "3.1.0", "info": info, "webhooks": {}}
    writer = Writer(actions[0].names, SCHEMAS, wanted.closed)
    document: Schema = {"openapi": "3.1.0", "info": info, "tags": _tags(actions)}
    document["webhooks"] = {
        action.name: {action.node.config.method.lower(): operation(action, writer, wanted)}
        for action in actions
    }
    document["components"] = _components(actions, writer)
    return document


def _tags(actions: Iterable[Action]) -> list[Schema]:
    docs = {action.observer.name: action.observer.doc for action in actions}
    return [{"name": name, **({"description": doc} if doc else {})} for name, doc in docs.items()]


def operation(action: Action, writer: Writer, wanted: Wanted) -> Schema:
    """What a receiver has to implement for one action."""
    found: Schema = {"operationId": action.name, "tags": [action.observer.name]}
    if action.node.doc:
        found["description"] = action.node.doc
    found["parameters"] = parameters(action, writer)
    if action.body is not None:
        media: Schema = {"schema": writer.schema(action.body.shape)}
        if examples := _examples(wanted.examples.get(action.name, ())):
            media["examples"] = examples
        found["requestBody"] = {"required": True, "content": {action.body.media: media}}
    found["responses"] = responses(action, writer)
    schemes = schemes_of(action)
    if schemes:
        found["security"] = [{scheme.key: [] for scheme in schemes}]
    found["x-fql"] = _ours(action)
    return found


def _examples(given: Iterable[Example]) -> Schema:
    return {one.title: {"value": one.body} for one in given}


def _ours(action: Action) -> Schema:
    """What OpenAPI has no place for."""
    found: Schema = {
        "events": [f"{trigger.entity}.{trigger.event}" for trigger in action.observer.on],
        "condition": condition_text(action.observer.when) or "true",
        "url": url_text(action),
    }
    if action.node.when is not None:
        found["action_condition"] = condition_text(action.node.when)
    return found


def _components(actions: Iterable[Action], writer: Writer) -> Schema:
    schemes = {one.key: one.schema for a in actions for one in schemes_of(a)}
    found: Schema = {"schemas": writer.components(shapes_of(actions)), "parameters": SHARED}
    if schemes:
        found["securitySchemes"] = dict(sorted(schemes.items()))
    return found


def shapes_of(actions: Iterable[Action], *, answers: bool = True) -> Iterable[Shape]:
    """The shapes of all bodies, and of all answers that have a type."""
    for action in actions:
        if action.body is not None:
            yield action.body.shape
        if answers and action.answer is not None:
            yield action.answer
