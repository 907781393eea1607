"""Schemas that lead on and on, that say nonsense, or are enormous: the judgement ends, soon."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.checks.contract.harness import brief, found, noted

DEEP = 300


@contextmanager
def soon(seconds: float = 5) -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


def _ref(name: object) -> dict[str, object]:
    return {"$ref": f"#/$defs/{name}"}


def _chain(word: str, length: int, last: object) -> dict[str, object]:
    """Each schema leads to the next twice."""
    links: dict[str, object] = {str(i): {word: [_ref(i + 1), _ref(i + 1)]} for i in range(length)}
    return {**links, str(length): last}


@pytest.mark.parametrize("word", ["allOf", "anyOf", "oneOf"])
@pytest.mark.parametrize("body", ["{ a: number }", '{ a: "x" }', "{ a: tree }"])
def test_a_bomb_of_references_takes_linear_time(word: str, body: str) -> None:
    with soon():
        found(body, {"properties": {"a": _ref(0)}}, _chain(word, 30, {"not": {"const": 5}}))


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_what_is_too_deep_is_reported_and_noted(word: str) -> None:
    defs = _chain(word, DEEP, {"type": "string"})
    schema = {"properties": {"a": _ref(0)}}
    with soon():
        (report,) = found("{ a: number }", schema, defs)
        assert report.code == "FQL402"
        assert report.severity == "warning"
        assert report.message == "the body was not compared in full: its schema leads on too far"
        assert [note.keyword for note in noted("{ a: number }", schema, defs)].count("depth") == 1


def test_types_and_schemas_may_contain_themselves() -> None:
    node = {
        "type": "object",
        "required": ["name", "children"],
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": _ref("Node")},
        },
    }
    with soon():
        assert brief("{ a: tree }", {"properties": {"a": _ref("Node")}}, {"Node": node}) == []
        other = {"Node": {**node, "required": ["name", "kind"]}}
        assert set(brief("{ a: tree }", {"properties": {"a": _ref("Node")}}, other)) == {
            "error FQL411 a.kind", "error FQL411 a.children[].kind",
        }  # fmt: skip
        assert brief("{ a: number }", _ref("A"), {"A": {"allOf": [_ref("A"), {"required": ["b"]}]}})


def test_a_pattern_cannot_take_long() -> None:
    text = "a" * 60
    with soon():
        schema = {"properties": {"a": {"pattern": "^(a+)+$"}}}
        assert brief(f'{{ a: "{text}!" }}', schema) == ["error FQL415 a"]
        keys = {"patternProperties": {"^(a+)+$": {"type": "string"}}}
        assert brief(f'{{ "{text}": "x" }}', keys) == []


def test_thousands_of_members_and_properties() -> None:
    members = [f"m{i}" for i in range(50_000)]
    with soon():
        assert brief('{ a: "m49999" }', {"properties": {"a": {"enum": members}}}) == []
        assert brief('{ a: "n1" }', {"properties": {"a": {"enum": members}}}) == ["error FQL415 a"]
        many = {"properties": {name: {"type": "string"} for name in members}}
        assert brief("{ a: number, m7: number }", many) == ["error FQL413 m7"]


def test_a_body_with_hundreds_of_slips_reports_some() -> None:
    keys = ", ".join(f"k{i}: number" for i in range(300))
    closed = {"additionalProperties": False, "properties": {}}
    with soon():
        assert len(found(f"{{ {keys} }}", closed)) == 20


@pytest.mark.parametrize(
    "schema",
    [
        {"x-unknown": 5, "$comment": {"a": 1}, "example": [], "xml": {}},
        {"properties": {"a": {"minimum": "x", "maxLength": [], "multipleOf": 0, "pattern": "("}}},
        {"properties": {"a": {"enum": [], "format": "of ours"}}, "required": []},
        {"properties": {"a": {"minItems": None, "uniqueItems": "yes"}}, "minProperties": "two"},
        {"properties": {"a": {"type": []}}},
    ],
)
@pytest.mark.parametrize("body", ["{ a: number }", "{ a: 1 }", '{ a: "x" }', "{ a: [1, 1] }"])
def test_nonsense_ends_in_no_traceback(schema: object, body: str) -> None:
    found(body, schema)
