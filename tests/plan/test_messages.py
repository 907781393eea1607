"""A plan that says of `publish` or `call` what no compiler writes is refused when it is read."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fql.errors import PlanError
from fql.exact.reading import read_json
from fql.plan.stored.codec import read_plan, seal
from fqlc import compile_text

TEXT = """
type Shelf { shelf: String }
entity Order { id: ID @key  total: Decimal }
observer o { on: Order.insert
  call find { function: stock.find arguments: { order: id } response: Shelf }
  publish tell { subject: "orders.{{ id }}" headers: { "X": "{{ id }}" } body: { id } } }
"""


@pytest.fixture(scope="module")
def compiled() -> dict[str, Any]:
    plan = compile_text(TEXT).plan
    assert plan is not None
    found = read_json(plan)
    assert isinstance(found, dict)
    return found


def text(value: str) -> dict[str, str]:
    return {"op": "constant", "t": "String", "value": value}


FIELD = {"op": "field", "t": "ID", "row": "row", "name": "id"}
EACH = {"op": "each", "t": "[Object]", "body": {"op": "object", "t": "Object", "entries": []}}


def entry(name: str | None) -> dict[str, Any]:
    return {"op": "object", "t": "Object", "entries": [{"key": name, "value": FIELD}]}


def policy(value: object) -> dict[str, object]:
    return {"value": value, "origin": "action tell"}


@pytest.mark.parametrize(("node", "path", "value", "said"), [
    ("tell", "kind", "shout", "there is no kind of action 'shout'"),
    ("tell", "config.settings.subject", text("$JS.API"), "belong to the NATS server"),
    ("tell", "config.settings.subject", text("a..b"), "a token of the subject is empty"),
    ("tell", "config.settings.subject", text("a.*"), "wildcard"),
    ("tell", "config.settings.subject", FIELD, "it is not a text"),
    ("tell", "config.settings", {}, "it has no `subject`"),
    ("tell", "config.settings.more", text("x"), "there is no setting 'more'"),
    ("tell", "config.url", text("https://a.example.com"), "`url` belongs to a webhook"),
    ("tell", "config.response", "Shelf", "a publish has no `response`"),
    ("tell", "config.body", EACH, "each"),
    ("tell", "config.headers", [{"name": "Nats-Msg-Id", "value": text("x")}], "is set by fql"),
    ("tell", "policies.batch.size", policy(5), "an action of this kind has no such policy"),
    ("tell", "policies.signing.secret", policy("s"), "an action of this kind has no such policy"),
    ("find", "config.settings.function", text("Stock"), "is not the name of a function"),
    ("find", "config.settings", {}, "is not the name of a function"),
    ("find", "config.settings.arguments", FIELD, "they are not an object"),
    ("find", "config.settings.arguments", entry("a b"), "is not the name of an argument"),
    ("find", "config.settings.arguments", entry("class"), "is not the name of an argument"),
    ("find", "config.settings.arguments", entry(None), "is not the name of an argument"),
    ("find", "config.body", FIELD, "neither `headers` nor a `body`"),
    ("find", "config.response", "Nothing", "there is no type 'Nothing'"),
    ("find", "policies.auth.type", policy("mtls"), "an action of this kind has no such policy"),
])  # fmt: skip
def test_refused(compiled: dict[str, Any], node: str, path: str, value: object, said: str) -> None:
    plan = copy.deepcopy(compiled)
    at = next(one for one in plan["observers"][0]["nodes"] if one["name"] == node)
    if path.startswith("policies."):
        at["policies"][path.removeprefix("policies.")] = value
    else:
        *steps, last = path.split(".")
        for step in steps:
            at = at[step]
        at[last] = value
    del plan["digest"]
    with pytest.raises(PlanError) as found:
        read_plan(seal(plan))
    assert said in found.value.message
    assert f"observer o: action {node}" in found.value.message


def test_what_the_compiler_writes_is_read(compiled: dict[str, Any]) -> None:
    del compiled["digest"]
    assert [node.kind for node in read_plan(seal(compiled)).observers[0].nodes] == [
        "call", "publish",
    ]  # fmt: skip
