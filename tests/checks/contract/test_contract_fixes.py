"""What `--fix` makes of a body, and whether it asks first."""

from __future__ import annotations

import pytest

from tests.checks.contract.harness import fixed, found

STRING, NUMBER = {"type": "string"}, {"type": "number"}


@pytest.mark.parametrize(
    ("body", "schema", "after"),
    [
        ("{ total }", {"total": NUMBER}, "{ total: total.to_float() }"),
        ("{ a: total }", {"a": NUMBER}, "{ a: total.to_float() }"),
        ("{ a: total + 1 }", {"a": NUMBER}, "{ a: (total + 1).to_float() }"),
        ("{ a: (total + 1) }", {"a": NUMBER}, "{ a: (total + 1).to_float() }"),
        ("{ note }", {"note": STRING}, "{ note? }"),
        ("{ a: note }", {"a": STRING}, "{ a?: note }"),
        ('{ "a b": note }', {"a b": STRING}, '{ "a b"?: note }'),
        ("{ wieght: 1, email }", {"weight": NUMBER}, "{ weight: 1, email }"),
        ("{ nmber: 1 }", {"number of it": NUMBER, "number": {}}, "{ number: 1 }"),
        ("{ number, id }", {"number": {"readOnly": True}}, "{ id }"),
        ("{ id, number }", {"number": {"readOnly": True}}, "{ id }"),
        ("{ number }", {"number": {"readOnly": True}}, "{  }"),
        ("{ a: { number } }", {"a": {"properties": {"number": {"readOnly": True}}}}, "{ a: {  } }"),
        ('{ a: "shiped" }', {"a": {"enum": ["shipped"]}}, '{ a: "shipped" }'),
    ],
)
def test_a_fix_mends_it(body: str, schema: dict[str, object], after: str) -> None:
    assert fixed(body, {"properties": schema}) == after


def test_what_is_required_gets_a_default_or_is_put_in() -> None:
    required = {"properties": {"note": STRING}, "required": ["note"]}
    assert fixed("{ note }", required) == '{ note: note ?? "" }'
    assert fixed("{ a: number }", {"required": ["email"]}) == "{ a: number, email }"
    assert fixed("{}", {"required": ["email"]}) == "{ email }"
    assert all(d.fix is None for d in found("{ a: number }", {"required": ["unknown"]}))


def test_only_what_cannot_be_meant_otherwise_is_safe() -> None:
    def safe(body: str, schema: object) -> list[bool | None]:
        return [None if d.fix is None else d.fix.safe for d in found(body, schema)]

    assert safe("{ total }", {"properties": {"total": NUMBER}}) == [True]
    assert safe("{ note }", {"properties": {"note": STRING}}) == [True]
    assert safe("{ a: 1 }", {"required": ["email"]}) == [False]
    assert safe("{ Number: 1 }", {"properties": {"number": {}}}) == [True]
    assert safe("{ nmber: 1 }", {"properties": {"number": {}}}) == [False]


def test_nothing_is_offered_that_would_be_wrong() -> None:
    """A method of null is an error of its own, and a type has no place for an edit."""
    nullable = found("{ discount }", {"properties": {"discount": {"type": ["number", "null"]}}})
    assert [d.fix for d in nullable] == [None]
    inner = {"properties": {"line": {"properties": {"note": STRING}}}}
    assert [d.fix for d in found("{ line }", inner)] == [None]
