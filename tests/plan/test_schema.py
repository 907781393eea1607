"""The published schema is current, and plans fit it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from fql.plan.language.expressions import Expr
from fql.plan.model import FORMAT
from fql.plan.stored import schema
from fql.plan.stored.codec import dump_expression, seal
from fql.plan.stored.schema import schema_text
from tests.properties import strategies

SHIPPED = Path(schema.__file__).with_name("plan.schema.json")
PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "plan.schema.json"
SCHEMA: Any = json.loads(schema_text())


@pytest.mark.parametrize("path", [SHIPPED, PUBLISHED], ids=["shipped", "published"])
def test_the_files_are_current(path: Path) -> None:
    """`python -m fql.plan.stored.schema` writes what is shipped and published."""
    assert path.read_text(encoding="utf-8") == schema_text()


def plan_with(condition: Any) -> Any:
    """A plan with one observer."""
    observer = {
        "name": "o",
        "on": [{"entity": "Thing", "event": "update"}],
        "when": condition,
        "nodes": [{"name": "send", "kind": "webhook", "config": {"method": "POST"}}],
        "edges": [{"from": None, "to": "send", "kind": "sequence"}],
    }
    return json.loads(seal({"format": FORMAT, "compiler": "0", "observers": [observer]}))


@settings(max_examples=40, deadline=None)
@given(strategies.conditions(2) | strategies.templates())
def test_plans_fit_the_schema(condition: Expr) -> None:
    """Whatever expression a plan holds, the schema allows it."""
    jsonschema.Draft202012Validator(SCHEMA).validate(plan_with(dump_expression(condition)))


@pytest.mark.parametrize("condition", [{"op": "nothing", "t": "Int"}, 5, {"op": "not"}])
def test_other_expressions_do_not_fit(condition: Any) -> None:
    """The schema knows the kinds of nodes."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(plan_with(condition))
