"""What the judgement lets pass is valid, and what it calls wrong is not: rendered by the runtime,
judged by jsonschema."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from fql.engine.program.match import scope_of
from fql.events.model import Event
from fql.exact.reading import read_json
from fql.expressions.compile import compile_body
from fql.plan.language.expressions import Expr
from fql.plan.table import TypeTable
from fqlc.contracts.judging.formats import CHECKED, has_format
from fqlc.contracts.judging.judge import Judge
from fqlc.contracts.judging.wire.sending import Sending
from fqlc.contracts.model import schema_of
from fqlc.names.project import Project
from fqlc.pipeline import check_project
from tests.properties import strategies
from tests.properties.schemas import schemas


@cache
def project() -> Project:
    """The entity, type and enum of the strategies, as a project has them."""
    item = strategies.PLAN.types[0]
    fields = " ".join(f"{f.name}: {f.type}" for f in item.fields)
    text = f"type Item {{ {fields} }} enum Colour {{ {' '.join(strategies.MEMBERS)} }} "
    row = " ".join(f"{name}: {of}" for name, of in strategies.FIELDS.items())
    text += f"entity Thing {{ {row} }}"
    return check_project(["case.fql"], {"case.fql": text.encode()}.get).program.project


def _has_format(name: str, text: object) -> bool:
    return not isinstance(text, str) or has_format(text, name)


@cache
def checker() -> FormatChecker:
    """The formats that the judgement judges."""
    made = FormatChecker(formats=())
    for name in CHECKED:
        made.checks(name)(partial(_has_format, name))
    return made


def fits(schema: Any, body: Expr, event: Event) -> bool:
    """Whether the body of an event is valid."""
    data = compile_body(body, TypeTable.of(strategies.PLAN))(scope_of(event))
    sent = read_json(data, floats=True)
    valid: bool = Draft202012Validator(schema, format_checker=checker()).is_valid(sent)
    return valid


@st.composite
def cases(draw: st.DrawFn) -> tuple[Expr, Any]:
    """A body and a schema for it."""
    body = draw(strategies.bodies())
    return body, draw(schemas(Sending(project()).of(body)))


@settings(max_examples=40, deadline=None)
@given(cases(), strategies.events())
def test_what_passes_is_valid_and_what_never_fits_is_not(
    case: tuple[Expr, Any], event: Event
) -> None:
    body, schema = case
    judged = Judge().body(Sending(project()).of(body), schema_of(schema, {}))
    assume(judged.refuses or not (judged.findings or judged.notes))
    assert fits(schema, body, event) is not judged.refuses
