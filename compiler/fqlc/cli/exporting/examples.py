"""The bodies that `test` blocks send, as examples."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from urllib.parse import parse_qsl

from fql.actions.rendering import body_render
from fql.exact.reading import read_json
from fql.exact.writing import write_json
from fql.expressions.scope import BatchInfo, Scope
from fql.expressions.walker import evaluate
from fql.plan.kinds import CALL, arguments_of
from fql.plan.model import Plan
from fql.plan.stored.codec import load_expression
from fqlc.checks.reading.declared.model import TestModel
from fqlc.cli.exporting.hiding import hidden_scope
from fqlc.cli.testing.play import play
from fqlc.exporting.actions import Action, actions_of
from fqlc.exporting.shapes import Const, Items, Named, Object, Scalar, Shape, members
from fqlc.exporting.wanted import Example

ENCRYPTED = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA"
"""What stands for an encrypted value: its form, without its content."""


def examples_of(plan: Plan, tests: Iterable[TestModel]) -> dict[str, list[Example]]:
    """The first body that each action sends in each test, by `observer.action`. What is sensitive
    is replaced before a body is made, so that nothing made of it is in one."""
    known = {action.name: action for action in actions_of(plan)}
    found: dict[str, list[Example]] = {}
    for test in tests:
        played = play(plan, test)
        for name in played.sent:
            action = known[f"{test.observer}.{name}"]
            if action.body is not None and played.scope is not None:
                scope = hidden_scope(played.scope, action.observer, action.names)
                body = _body(action, action.body.shape, scope)
                found.setdefault(action.name, []).append(Example(test.title, body))
    return found


def _body(action: Action, shape: Shape, scope: Scope) -> object:
    config = action.node.config
    if action.sealed == frozenset():
        return ENCRYPTED
    if action.node.kind == CALL:
        stored = arguments_of(config)
        value = {} if stored is None else evaluate(load_expression(stored), scope)
        return read_json(write_json(value))
    if action.batch is not None:
        scope = replace(scope, batch=BatchInfo("bat_1", 1), members=(replace(scope),))
    data = body_render(config, action.names)(scope)
    if config.format in ("text", "xml"):
        return data.decode()
    value = decoded_form(data, shape) if config.format == "form" else read_json(data)
    return _encrypted(value, action.sealed or ())


def _encrypted(value: object, keys: Collection[str]) -> object:
    """The value with those of some keys encrypted, at any depth."""
    if isinstance(value, list):
        return [_encrypted(item, keys) for item in value]
    if isinstance(value, dict):
        return {k: ENCRYPTED if k in keys else _encrypted(v, keys) for k, v in value.items()}
    return value


def decoded_form(data: bytes, shape: Shape) -> dict[str, object]:
    """The object that a form holds, with the types that its schema names."""
    shapes = {p.name: p.shape for p in shape.properties} if isinstance(shape, Object) else {}
    found: dict[str, object] = {}
    for key, text in parse_qsl(data.decode("ascii"), keep_blank_values=True):
        lists = [one for one in members(shapes[key]) if isinstance(one, Items)]
        if lists:
            held = found.setdefault(key, [])
            if isinstance(held, list):
                held.append(_decoded_value(text, lists[0].of))
        else:
            found[key] = _decoded_value(text, shapes[key])
    return found


_NOT_TEXT = frozenset({"Int", "Float", "Boolean", "Duration"})


def _decoded_value(text: str, shape: Shape) -> object:
    return text if any(map(_is_text, members(shape))) else read_json(text.encode())


def _is_text(shape: Shape) -> bool:
    if isinstance(shape, Const):
        return shape.text.startswith('"')
    return isinstance(shape, Named) or (isinstance(shape, Scalar) and shape.name not in _NOT_TEXT)
