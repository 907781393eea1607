"""What passes the check cannot raise, and every back end gives the same value."""

from __future__ import annotations

from hypothesis import given, settings

from fql.engine.program.match import scope_of
from fql.events.model import Event
from fql.exact.reading import read_json
from fql.exact.writing import write_json
from fql.expressions.compile import compile_body, compile_condition, compile_text, compile_value
from fql.expressions.explain import explain
from fql.expressions.walker import evaluate
from fql.plan.language.expressions import Expr
from fql.plan.show import show
from fql.plan.stored.codec import canonical, dump_expression, load_expression
from fql.plan.table import TypeTable
from tests.properties import strategies

ALL_KINDS = ("insert", "update", "delete")


@settings(max_examples=200, deadline=None)
@given(strategies.conditions(), strategies.events())
def test_conditions_agree(condition: Expr, event: Event) -> None:
    """Generated Python and the tree walker decide alike, and the answer is a Boolean."""
    scope = scope_of(event)
    value = compile_condition(condition)(scope)
    assert value is evaluate(condition, scope)
    assert isinstance(value, bool)


@settings(max_examples=150, deadline=None)
@given(strategies.any_value(3), strategies.events())
def test_values_agree(expression: Expr, event: Event) -> None:
    """Generated Python and the tree walker give the same value, down to its JSON form."""
    scope = scope_of(event)
    value, expected = compile_value(expression)(scope), evaluate(expression, scope)
    assert type(value) is type(expected)
    assert write_json(value) == write_json(expected)


@settings(max_examples=150, deadline=None)
@given(strategies.bodies(), strategies.events())
def test_bodies_are_json(body: Expr, event: Event) -> None:
    """A body is JSON that any reader takes, and the walker's value in that form."""
    scope = scope_of(event)
    data = compile_body(body, TypeTable.of(strategies.PLAN))(scope)
    read_json(data)
    assert data == write_json(evaluate(body, scope))


@settings(max_examples=150, deadline=None)
@given(strategies.templates(), strategies.events())
def test_texts_agree(text: Expr, event: Event) -> None:
    """A template gives the same text compiled and walked, also as a value of a body."""
    scope = scope_of(event)
    assert compile_text(text, {})(scope) == evaluate(text, scope)
    assert write_json(compile_value(text)(scope)) == write_json(evaluate(text, scope))


@settings(max_examples=200, deadline=None)
@given(strategies.conditions() | strategies.bodies())
def test_stored_form_is_exact(expression: Expr) -> None:
    """Dumping and loading gives the same tree, with the same canonical bytes."""
    stored = dump_expression(expression)
    again = load_expression(stored)
    assert again == expression
    assert canonical(dump_expression(again)) == canonical(stored)


@settings(max_examples=150, deadline=None)
@given(strategies.conditions(), strategies.events())
def test_explanation_agrees(condition: Expr, event: Event) -> None:
    """The explained value is the value, and every expression can be shown."""
    scope = scope_of(event)
    explained = explain(condition, scope)
    assert explained.value is compile_condition(condition)(scope)
    assert explained.text == show(condition)


@settings(max_examples=150, deadline=None)
@given(strategies.events(kinds=ALL_KINDS))
def test_stored_rows_come_back(event: Event) -> None:
    """What was checked and stored is read back as the same typed values."""
    new, old = strategies.INTAKE.restore(event.entity, event.kind, event.payload)
    assert write_json([new, old]) == write_json([event.new, event.old])
    assert (new, old) == (event.new, event.old)
