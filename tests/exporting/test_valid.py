"""What is sent is what the exported schema says."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from fql.engine.program.match import scope_of
from fql.events.model import Event
from fql.exact.writing import pretty_json
from fql.expressions.compile import compile_body
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.table import TypeTable
from fqlc.cli.exporting.examples import examples_of
from fqlc.cli.testing.play import play
from fqlc.exporting.actions import actions_of
from fqlc.exporting.schemas import Writer
from fqlc.exporting.typed import Shaper, constant, typed
from tests.exporting.validating import (
    as_received,
    body_problems,
    checked,
    document,
    problems_of_openapi,
)
from tests.properties import strategies

ROOT = Path(__file__).parents[2]
NAMES = TypeTable.of(strategies.PLAN)


@settings(max_examples=40, deadline=None)
@given(strategies.bodies(), strategies.events())
def test_any_body_is_valid_by_its_schema(body: x.Expr, event: Event) -> None:
    """Whatever expression the checker could let through, rendered by the real runtime."""
    shape = Shaper(NAMES).of(body)
    writer = Writer(NAMES, "#/$defs/")
    schema = {"body": writer.schema(shape), **writer.components([shape])}
    sent = compile_body(body, NAMES)(scope_of(event))
    assert body_problems({"$defs": json.loads(pretty_json(schema))}, "body", json.loads(sent)) == []


def test_decimals_are_texts_with_a_sign() -> None:
    """In fields, and where a body has one written out."""
    writer = Writer(NAMES, "#/$defs/")
    for shape in (typed(t.DECIMAL), constant(Decimal("-1.50"), t.DECIMAL)):
        schema = {"$defs": {"body": writer.schema(shape)}}
        assert body_problems(json.loads(pretty_json(schema)), "body", "-1.50") == []
        assert body_problems(json.loads(pretty_json(schema)), "body", -1.5) != []


PROGRAMS = sorted(
    path
    for folder in ("examples", "tests/golden/programs", "tests/exporting")
    for path in (ROOT / folder).rglob("*.fql")
)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_what_the_tests_of_a_program_send_is_valid(path: Path) -> None:
    """So is each example, and the OpenAPI document by the meta schema, in its `webhooks` too."""
    plan, tests = checked(path)
    assert plan is not None, "a program with errors shows nothing here"
    actions = {action.name: action for action in actions_of(plan)}
    examples = examples_of(plan, tests)
    schema = document(plan, list(actions.values()), closed=True) if actions else {}
    for test in tests:
        for one in play(plan, test).attempts:
            action = actions[f"{one.observer}.{one.action}"]
            body = one.request.get("body", one.request.get("arguments"))
            if action.body is not None:
                assert body_problems(schema, action.name, as_received(action, body)) == []
    for name, found in examples.items():
        for example in found:
            value = json.loads(pretty_json(example.body))
            assert body_problems(schema, name, value) == []
    webhooks = [a for a in actions.values() if a.node.kind == "webhook"]
    described = document(plan, webhooks, "openapi", examples=examples)
    assert problems_of_openapi(described) == []
    assert described["webhooks"].keys() == {a.name for a in webhooks}
