"""A plan of a later version is refused: what it asks for would be left undone without a word."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from fql.errors import PlanError
from fql.plan.stored.codec import read_plan, seal, write_plan
from fqlc import compile_text

PROGRAM = """
enum Size { small, large }
type Label { url: String, sizes: [Size] }
entity Order from "orders" {
  id: ID @key
  size: Size
  email: String? @sensitive
  tags: [String]
}
retry patient { max_attempts: 7 }
endpoint shop { url: "${SHOP}"  headers: { "X-A": "a" }  retry: patient
  rate_limit: { max_per_second: 5 } }
observer o {
  on: [Order.insert, Order.update]
  when: size == large && tags.any(t, t == "x" || !(t in ["y"])) && size.changed()
  order_by: { by: id, on_dead: block }
  webhook label { endpoint: shop path: "/{{ id }}" body: { id, old: _event } response: Label }
  webhook mend { url: "https://a.example/{% if email != null %}x{% else %}y{% endif %}"
                 body: { why: label.error.message } }
  webhook last { endpoint: shop when: id != "x" body: { u: label.response.url.upper() } }
  flow { label -> last  label else mend }
}
"""


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    done = compile_text(PROGRAM)
    assert done.plan is not None, done.diagnostics
    found: dict[str, Any] = json.loads(done.plan)
    del found["digest"]
    return found


def objects(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in it with its path."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from objects(inner, f"{path}.{key}".strip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from objects(inner, f"{path}.{number}")


CONSTANTS = {"decimal", "int", "float", "datetime", "date", "microseconds"}
EXPRESSIONS = (".when", ".by", ".body", ".url", ".path", ".value")


def test_an_unknown_key_anywhere_is_refused(content: dict[str, Any]) -> None:
    paths = [path for path, _ in objects(content)]
    tried = 0
    for path in paths:
        changed = copy.deepcopy(content)
        target = dict(objects(changed))[path]
        if path.endswith("policies") or any(f"{one}." in f"{path}." for one in EXPRESSIONS):
            continue
        target["not_before"] = 1
        with pytest.raises(PlanError) as caught:
            read_plan(seal(changed))
        assert f"{path}.not_before".strip(".") in caught.value.message.replace("`", "")
        assert "was written by fqlc" in caught.value.message
        assert "update fqlc" in caught.value.hint
        tried += 1
    assert tried > 30


def test_an_unknown_key_of_an_expression_is_refused(content: dict[str, Any]) -> None:
    tried = 0
    for path, found in objects(content):
        inside = any(f"{one}." in f"{path}." for one in EXPRESSIONS)
        if not inside or set(found) & CONSTANTS or "policies" in path:
            continue
        changed = copy.deepcopy(content)
        dict(objects(changed))[path]["collate"] = "de"
        with pytest.raises(PlanError, match="'collate'") as caught:
            read_plan(seal({**changed, "compiler": "9.1.0"}))
        assert "fqlc 9.1.0" in caught.value.message
        tried += 1
    assert tried > 40


@pytest.mark.parametrize(
    ("path", "key", "word"),
    [
        ("observers.0.edges.0", "kind", "debounced"),
        ("observers.0.on.0", "event", "truncate"),
        ("observers.0.order_by", "on_dead", "retry"),
    ],
)
def test_an_unknown_word_is_refused(
    content: dict[str, Any], path: str, key: str, word: str
) -> None:
    changed = copy.deepcopy(content)
    dict(objects(changed))[path][key] = word
    with pytest.raises(PlanError, match=f"`{path}.{key}`") as caught:
        read_plan(seal({**changed, "compiler": "9.1.0"}))
    assert "written by fqlc 9.1.0" in caught.value.message


def test_damage_is_not_taken_for_a_later_version(content: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match="shape") as caught:
        read_plan(seal({**content, "observers": 5}))
    assert "compile" in caught.value.hint


def test_what_was_read_is_written_with_the_same_digest(content: dict[str, Any]) -> None:
    """A plan has one identity, wherever it is stored."""
    data = seal(content)
    plan = read_plan(data)
    assert write_plan(plan) == data
    assert read_plan(write_plan(plan)) == plan


def test_an_unknown_operator_function_type_or_kind_of_action_is_refused(
    content: dict[str, Any],
) -> None:
    """Whatever part of an expression a later version invents."""
    tried = 0
    for path, found in objects(content):
        for key in {"op", "function", "t", "type", "kind"} & set(found):
            if not isinstance(found[key], str):
                continue
            changed = copy.deepcopy(content)
            dict(objects(changed))[path][key] = "quantise"
            with pytest.raises(PlanError, match=r"fqlc 9\.1\.0"):
                read_plan(seal({**changed, "compiler": "9.1.0"}))
            tried += 1
    assert tried > 60
