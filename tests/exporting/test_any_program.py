"""What the checker lets through is sent as the exported schema says, whatever is written."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from fql.engine.program.match import scope_of
from fql.events.model import Event
from fql.exact.writing import write_json
from fql.expressions.compile import compile_body
from fql.expressions.walker import evaluate
from fql.plan.language.nodes import load_expression
from fql.plan.table import TypeTable
from fqlc.exporting.actions import actions_of
from tests.exporting.validating import body_problems, checked_text, document
from tests.properties import strategies
from tests.types.wild import body_program


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9), strategies.events())
def test_any_body_is_what_its_schema_says(seed: int, event: Event) -> None:
    """From the text to the JSON: types, runtime and schema are three readings of one program."""
    plan, _ = checked_text(body_program(seed))
    if plan is None:
        return
    stored = plan.observers[0].nodes[0].config.body
    assert stored is not None
    body, scope = load_expression(stored), scope_of(event)
    sent = compile_body(body, TypeTable.of(plan))(scope)
    assert sent == write_json(evaluate(body, scope))
    schemas = document(plan, list(actions_of(plan)), closed=True)
    assert body_problems(schemas, "o.w", json.loads(sent)) == []


def test_enough_of_the_random_bodies_are_let_through() -> None:
    """Else the property above would prove nothing."""
    assert sum(checked_text(body_program(seed))[0] is not None for seed in range(40)) > 15
