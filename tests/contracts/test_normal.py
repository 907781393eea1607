"""Schemas of older dialects say the same in the newest: validators of others are the oracle."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from openapi_schema_validator import OAS30Validator

from fql.exact.writing import canonical_json
from fqlc.contracts.faults import FaultyContract
from fqlc.contracts.library import Contracts
from fqlc.contracts.model import Schema

_VALUES: list[Any] = [
    None, True, 0, 1, 5, 10, 11, 1.5, "", "a", "abcdef", [], [1], [1, "a"], [1, 2, 3], {},
    {"a": 1}, {"a": None}, {"a": "x"}, {"b": 1}, {"a": 1, "b": 2}, {"n": {"n": {}}},
    {"n": {"n": 1}},
]  # fmt: skip

_OPENAPI_3_0: list[dict[str, Any]] = [
    {"type": "string", "nullable": True},
    {"type": "string", "nullable": False},
    {"nullable": True},
    {"type": "string", "enum": ["a"], "nullable": True},
    {"type": "string", "enum": ["a", None], "nullable": True},
    {"allOf": [{"type": "string"}], "nullable": True},
    {"type": "integer", "minimum": 5, "exclusiveMinimum": True},
    {"type": "integer", "minimum": 5, "exclusiveMinimum": False},
    {"type": "number", "maximum": 10, "exclusiveMaximum": True},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
    {"type": "object", "properties": {"a": {"type": "integer", "nullable": True}},
     "additionalProperties": False},
    {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
    {"oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 3}]},
    {"not": {"type": "string"}},
]  # fmt: skip


def _schema(document: Any, pointer: str = "") -> Schema:
    data = canonical_json(document)
    body = Contracts({"s.json": data}.get).schemas(f"s.json#{pointer}", None).body
    assert body is not None
    found = body.media["application/json"]
    assert found is not None
    return found


def _accepted(schema: Schema) -> list[bool]:
    document = {"not": {}} if schema.never else schema.document()
    validator = jsonschema.Draft202012Validator(document)
    return [validator.is_valid(value) for value in _VALUES]


@pytest.mark.parametrize("written", _OPENAPI_3_0, ids=str)
def test_openapi_3_0_says_the_same(written: dict[str, Any]) -> None:
    document = {"openapi": "3.0.3", "components": {"schemas": {"S": written}}}
    oracle = OAS30Validator(written)
    expected = [oracle.is_valid(value) for value in _VALUES]
    assert _accepted(_schema(document, "/components/schemas/S")) == expected


_DRAFTS: list[tuple[str, Any]] = [
    ("http://json-schema.org/draft-04/schema#", {"minimum": 5, "exclusiveMinimum": True}),
    ("http://json-schema.org/draft-04/schema#", {"items": [{"type": "integer"}],
                                                 "additionalItems": False}),
    ("http://json-schema.org/draft-04/schema#", {"definitions": {"i": {"type": "integer"}},
                                                 "properties": {"a": {"$ref": "#/definitions/i",
                                                                      "enum": ["x"]}}}),
    ("http://json-schema.org/draft-06/schema#", {"exclusiveMinimum": 5, "const": 10}),
    ("http://json-schema.org/draft-07/schema#", {"items": [{"type": "integer"}],
                                                 "additionalItems": {"type": "string"}}),
    ("http://json-schema.org/draft-07/schema#", {"dependencies": {"a": ["b"]}}),
    ("http://json-schema.org/draft-07/schema#", {"dependencies": {"a": {"required": ["b"]}}}),
    ("http://json-schema.org/draft-07/schema#", {"type": "object",
                                                 "properties": {"n": {"$ref": "#"}},
                                                 "additionalProperties": False}),
    ("http://json-schema.org/draft-07/schema#", {"$id": "http://x.example/s.json", "properties": {
        "a": {"$ref": "http://x.example/s.json#/definitions/i"}},
        "definitions": {"i": {"type": "integer"}}}),
    ("http://json-schema.org/draft-07/schema#", {"properties": {"a": {"$ref": "#i"}},
        "definitions": {"i": {"$id": "#i", "type": "integer"}}}),
    ("https://json-schema.org/draft/2019-09/schema", {"items": [True, {"type": "string"}],
        "dependentRequired": {"a": ["b"]}}),
    ("https://json-schema.org/draft/2020-12/schema", {"prefixItems": [{"type": "integer"}],
        "items": {"type": "string"}}),
    ("https://json-schema.org/draft/2020-12/schema", {"properties": {"a": {
        "$ref": "#/$defs/i", "minimum": 5}}, "$defs": {"i": {"type": "integer"}}}),
    ("https://json-schema.org/draft/2020-12/schema", {"type": "string", "nullable": True}),
    ("https://json-schema.org/draft/2020-12/schema", {"properties": {"a": {"$ref": "#i"}},
        "$defs": {"i": {"$anchor": "i", "type": "integer"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "written"), _DRAFTS, ids=str)
def test_drafts_of_json_schema_say_the_same(dialect: str, written: Any) -> None:
    document = {"$schema": dialect, **written}
    oracle = jsonschema.validators.validator_for(document)(document)
    assert _accepted(_schema(document)) == [oracle.is_valid(value) for value in _VALUES]


def test_a_schema_that_holds_itself_is_finite_and_known_by_its_key() -> None:
    document = {"$defs": {"Tree": {"properties": {"next": {"$ref": "#/$defs/Tree"}}}}}
    tree = _schema(document, "/$defs/Tree").properties["next"]
    assert tree.name == "Tree"
    assert tree.properties["next"].key == tree.key


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"type": "strng"}, "/type is not a type of JSON Schema"),
        ({"properties": []}, "/properties is not an object"),
        ({"properties": {"a": 1}}, "/properties/a is not an object"),
        ({"required": "a"}, "/required"),
        ({"required": [1]}, "/required"),
        ({"minimum": "1"}, "is not a number"),
        ({"$ref": "#/$defs/none"}, "leads nowhere"),
        ({"$ref": "https://example.com/s.json"}, "leads to the net"),
        ({"$ref": "//example.com/s.json"}, "leads to the net"),
        ({"$ref": "/etc/passwd.json"}, "is not relative"),
        ({"$ref": "../../s.json"}, "there is no file"),
        ({"$ref": 1}, "is not a text"),
        ({"$ref": "#/a", "a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}, "refers to itself"),
        ({"items": {"items": True}, "allOf": {}}, "is not a list"),
    ],
)
def test_what_is_not_a_schema_is_a_fault_with_its_place(written: Any, said: str) -> None:
    with pytest.raises(FaultyContract) as caught:
        _schema(written)
    assert said in caught.value.said
    assert "s.json" in caught.value.place.file


def test_a_bomb_of_aliases_is_over_the_limit_of_nodes() -> None:
    lines = ["a0: &a0 {type: string}"]
    for i in range(1, 12):
        fields = ", ".join(f"p{n}: *a{i - 1}" for n in range(9))
        lines.append(f"a{i}: &a{i} {{properties: {{{fields}}}}}")
    data = "\n".join(lines).encode()
    with pytest.raises(FaultyContract, match="100,000 nodes"):
        Contracts({"s.yaml": data}.get).schemas("s.yaml#/a11", None)


def _nested(levels: int) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        made = {"items": made}
    return made


def _chained(number: int) -> dict[str, bytes]:
    """Documents, each of which leads to the next."""
    links = {f"s{n}.json": {"items": {"$ref": f"s{n + 1}.json"}} for n in range(number - 1)}
    links[f"s{number - 1}.json"] = {}
    return {name: canonical_json(link) for name, link in links.items()}


_LONG = b'{"title": "%s"}'


@pytest.mark.parametrize(
    ("within", "beyond", "said"),
    [
        ({"s0.json": canonical_json(_nested(100))}, {"s0.json": canonical_json(_nested(101))},
         "within more than 100 others"),
        (_chained(200), _chained(201), "more than 200 documents"),
        ({"s0.json": _LONG % (b"x" * (20_000_000 - 13))},
         {"s0.json": _LONG % (b"x" * (20_000_000 - 12))}, "more than 20,000,000 bytes"),
    ],
    ids=["levels", "documents", "bytes"],
)  # fmt: skip
def test_each_limit_of_a_contract_is_told(
    within: dict[str, bytes], beyond: dict[str, bytes], said: str
) -> None:
    assert Contracts(within.get).schemas("s0.json#", None).body is not None
    with pytest.raises(FaultyContract, match=said):
        Contracts(beyond.get).schemas("s0.json#", None)


def test_prose_that_is_no_text_is_passed_over() -> None:
    """A contract that is in use has `description: null`; no body is wrong by it."""
    written = {"type": "string", "description": None, "title": 7, "maxLength": 3}
    made = Contracts({"s.json": canonical_json(written)}.get).schemas("s.json#", None)
    assert made.body is not None
    (schema,) = made.body.media.values()
    assert schema is not None
    assert schema.description == ""
    assert schema.number("maxLength") == 3
