"""Types of answers, from the contract to the plan."""

from __future__ import annotations

from typing import Any

import pytest

from fql.exact.kinds import as_object, as_objects
from tests.contracts.projects import answer_of, found, openapi, plan_of, source

_STRING = {"type": "string"}
_CAT = {
    "type": "object",
    "required": ["kind", "name"],
    "properties": {
        "kind": {"const": "cat"},
        "name": _STRING,
        "lives": {"type": "integer"},
        "size": _STRING,
    },
}
_DOG = {"type": "object", "required": ["kind", "name"], "properties": {
    "kind": {"const": "dog"}, "name": _STRING, "size": {"type": "integer"}}}  # fmt: skip

_TYPES: list[tuple[Any, str]] = [
    (_STRING, "String"),
    ({"type": "string", "format": "uuid"}, "UUID"),
    ({"type": "string", "format": "date-time"}, "DateTime"),
    ({"type": "string", "format": "date"}, "Date"),
    ({"type": "string", "format": "email"}, "String"),
    ({"type": "integer"}, "Int"),
    ({"type": "number"}, "Decimal"),
    ({"type": ["integer", "number"]}, "Decimal"),
    ({"type": "boolean"}, "Boolean"),
    ({"type": ["string", "null"]}, "String?"),
    ({"type": ["string", "integer"]}, "JSON"),
    ({"type": "array", "items": _STRING}, "[String]"),
    ({"type": "array", "items": {"type": ["string", "null"]}}, "[String?]"),
    ({"type": "array"}, "[JSON?]"),
    ({"enum": ["a", "b"]}, "String"),
    ({"enum": ["a", None]}, "String?"),
    ({"const": "a"}, "String"),
    ({"type": "object", "additionalProperties": _STRING}, "JSON"),
    ({}, "JSON?"),
    (True, "JSON?"),
    ({"$ref": "#/components/schemas/Named"}, "crm.Named"),
    ({"type": "object", "properties": {"x": _STRING}}, "crm.LabelF"),
    ({"type": "array", "items": {"$ref": "#/components/schemas/Named"}}, "[crm.Named]"),
    ({"allOf": [{"$ref": "#/components/schemas/Named"}, {"properties": {"b": _STRING}}]},
     "crm.Named"),
    ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "JSON?"),
    ({"allOf": [{"type": "number"}, {"type": "integer"}]}, "Int"),
    ({"oneOf": [_CAT, _DOG]}, "crm.LabelF"),
    ({"anyOf": [_STRING, {"type": "null"}]}, "String?"),
    ({"anyOf": [_STRING, {"type": "integer"}]}, "JSON"),
    ({"type": "string", "anyOf": [{"minLength": 1}, {"pattern": "a"}]}, "String"),
    ({"type": "object", "properties": {"a": _STRING}, "anyOf": [{"required": ["a"]}]},
     "crm.LabelF"),
]  # fmt: skip
_NAMED = {"type": "object", "required": ["a"], "properties": {"a": _STRING}}


def _files(schema: Any, body: str = "id", **more: Any) -> dict[str, object]:
    return {"a.fql": source(body), "crm.json": openapi(schema, Named=_NAMED, **more)}


@pytest.mark.parametrize(("schema", "shown"), _TYPES, ids=str)
def test_a_schema_is_a_type(schema: Any, shown: str) -> None:
    answer = {"type": "object", "required": ["f"], "properties": {"f": schema}}
    assert str(answer_of(_files(answer)).fields["f"].type) == shown


def test_what_is_not_required_may_be_null_and_what_is_only_sent_is_absent() -> None:
    answer = {"type": "object", "properties": {"a": _STRING, "b": {**_STRING, "writeOnly": True}}}
    fields = answer_of(_files(answer)).fields
    assert {name: str(field.type) for name, field in fields.items()} == {"a": "String?"}


def test_a_union_of_objects_has_the_fields_of_all() -> None:
    fields = answer_of(_files({"oneOf": [_CAT, _DOG]})).fields
    assert {name: str(field.type) for name, field in fields.items()} == {
        "kind": "String", "name": "String", "lives": "Int?", "size": "JSON?",
    }  # fmt: skip
    assert fields["kind"].members == ("cat", "dog")


def test_several_answers_share_their_fields() -> None:
    contract = openapi(_CAT)
    paths = as_object(contract["paths"])
    post = as_object(as_object(paths["/v2/orders/{id}/labels"])["post"])
    responses = as_object(post["responses"])
    responses["200"] = {"content": {"application/json": {"schema": _DOG}}}
    responses["2XX"] = {"content": {"application/json": {"schema": {"type": "string"}}}}
    responses["204"] = {"description": "nothing"}
    fields = answer_of({"a.fql": source(), "crm.json": contract}).fields
    assert {name: str(field.type) for name, field in fields.items()} == {
        "kind": "String", "name": "String", "size": "JSON?",
    }  # fmt: skip


_ANSWER = {"type": "object", "required": ["url", "price", "carrier"], "properties": {
    "url": _STRING, "odd-name": {"type": "integer"}, "carrier": {"enum": ["dhl", "ups"]},
    "price": {"$ref": "#/components/schemas/Money"},
    "fee": {"$ref": "#/components/schemas/Money"},
    "next": {"$ref": "#/components/schemas/Chain"}}}  # fmt: skip
_MORE = {
    "Money": {"type": "object", "required": ["amount", "currency"],
              "properties": {"amount": {"type": "number"}, "currency": _STRING}},
    "Chain": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Chain"},
                                               "end": _STRING}},
}  # fmt: skip


def _kept(body: str) -> dict[str, dict[str, str]]:
    plan = plan_of(_files(_ANSWER, body, **_MORE))
    return {
        str(one["name"]): {str(f["name"]): str(f["type"]) for f in as_objects(one["fields"])}
        for one in as_objects(plan["types"])
    }


def test_the_plan_keeps_what_is_read_and_nothing_else() -> None:
    assert _kept("id") == {}
    assert _kept("u: label.response.url") == {"shipped.label": {"url": "String"}}
    assert _kept('a: label.response.price.amount, c: label.response.fee?.currency') == {
        "shipped.label": {"price": "shipped.label.price", "fee": "shipped.label.fee?"},
        "shipped.label.price": {"amount": "Decimal"},
        "shipped.label.fee": {"currency": "String"},
    }  # fmt: skip


def test_a_schema_that_holds_itself_is_opened_as_far_as_it_is_read() -> None:
    assert _kept("e: label.response.next?.next?.end") == {
        "shipped.label": {"next": "shipped.label.next?"},
        "shipped.label.next": {"next": "shipped.label.next.next?"},
        "shipped.label.next.next": {"end": "String?"},
    }


def test_what_is_sent_whole_is_kept_whole_and_as_it_came() -> None:
    assert _kept("p: label.response.price") == {
        "shipped.label": {"price": "shipped.label.price"},
        "shipped.label.price": {"amount": "JSON?", "currency": "JSON?"},
    }
    assert _kept("has: label.response.fee != null")["shipped.label.fee"] == {}


def test_a_name_that_is_no_word_is_read_in_brackets() -> None:
    assert _kept('o: label.response["odd-name"]') == {"shipped.label": {"odd-name": "Int?"}}


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("u: label.response.urll", "FQL432", "`crm.Label` has no property `urll`"),
        ('u: label.response["odd"]', "FQL432", "`crm.Label` has no property `odd`"),
        ('u: "{{ label.response.urll }}"', "FQL432", "`crm.Label` has no property `urll`"),
        ("u: label.response[note ?? id]", "FQL211", ""),
        ('u: label.response.carrier == "dhk"', "FQL233", '`crm.Label.carrier` is never "dhk"'),
        ('u: label.response.carrier in ["x"]', "FQL233", '`crm.Label.carrier` is never "x"'),
        ('u: label.response.carrier.matches("x")', "", ""),
        ("u: label.response.fee.amount", "FQL212", ""),
    ],
)
def test_what_the_answer_does_not_have_is_said(body: str, code: str, said: str) -> None:
    reports = found(_files(_ANSWER, body, **_MORE))
    assert [c for c, _ in reports] == ([code] if code else [])
    assert all(said in message for _, message in reports)


def test_an_operation_that_answers_no_json_has_no_response() -> None:
    contract = openapi(_STRING)
    post = as_object(as_object(as_object(contract["paths"])["/v2/orders/{id}/labels"])["post"])
    post["responses"] = {"204": {"description": "taken"}}
    files = {"a.fql": source("u: label.response"), "crm.json": contract}
    assert [code for code, _ in found(files)] == ["FQL432"]


def test_a_declared_response_comes_first() -> None:
    text = source("u: label.response.mine").replace(
        "body: { weight } }", "body: { weight } response: Mine }", 1
    )
    files = {"a.fql": "type Mine { mine: String }\n" + text, "crm.json": openapi(_NAMED)}
    assert "FQL432" not in [code for code, _ in found(files)]
