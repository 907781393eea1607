"""The schema of each kind of value, word for word: one that takes too much refuses no body."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from fql.exact.writing import pretty_json
from fqlc.cli.testing.play import play
from fqlc.exporting.actions import actions_of
from tests.exporting.validating import body_problems, checked_text, document

PROGRAM = """
enum Status {{ new, paid }}
enum One {{ only }}
type Item {{ sku: String  price: Decimal?  tags: [String] }}
entity Order {{ id: ID @key  n: Int  f: Float  total: Decimal  ok: Boolean  ref: UUID  at: DateTime
  day: Date  extra: JSON  may: JSON?  note: String?  cost: Decimal?  oid: ID?  status: Status
  was: Status?  one: One  item: Item  other: Item?  items: [Item]  notes: [String?]? }}
observer o {{ on: Order.update  webhook a {{ url: "https://a.example.com"  body: {{ {} }} }} }}
test "one" {{
  observer: o
  event: Order.update
  old: {{ id: 7 n: 1 f: 1.5 total: 2.50 ok: true ref: "6f1c0a52-0000-4000-8000-000000000001"
    at: "2026-01-01T00:00:00Z" day: "2026-01-01" extra: {{ a: 1 }} status: "new" one: "only"
    item: {{ sku: "s" tags: [] }} items: [{{ sku: "s" price: 1 tags: ["t"] }}] }}
  new: {{ n: 2  note: "x" }}
  expect: {{ sent: [a] }}
}}
"""
DECIMAL = {"type": "string", "format": "decimal", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"}
DECIMAL_OR_NULL = {**DECIMAL, "type": ["string", "null"]}
STATUS, ITEM, NULL = {"$ref": "#/$defs/Status"}, {"$ref": "#/$defs/Item"}, {"type": "null"}
ITEM_KEYS = {
    "sku": {"type": "string"},
    "price": DECIMAL_OR_NULL,
    "tags": {"type": "array", "items": {"type": "string"}},
}


def _list(of: object) -> dict[str, object]:
    return {"type": "array", "items": of}


def _object(required: list[str], **properties: object) -> dict[str, object]:
    found = {"type": "object", "properties": properties, "required": required}
    return {**{key: value for key, value in found.items() if value}, "additionalProperties": False}


SCHEMAS: dict[str, Any] = {
    "id": {"type": ["string", "integer"]},
    "n": {"type": "integer"},
    "f": {"type": "number"},
    "total": DECIMAL,
    "ok": {"type": "boolean"},
    "ref": {"type": "string", "format": "uuid"},
    "at": {"type": "string", "format": "date-time"},
    "day": {"type": "string", "format": "date"},
    "extra": {"not": NULL},
    "may": {},
    "note": {"type": ["string", "null"]},
    "cost": DECIMAL_OR_NULL,
    "oid": {"type": ["string", "integer", "null"]},
    "status": STATUS,
    "was": {"anyOf": [STATUS, NULL]},
    "one": {"$ref": "#/$defs/One"},
    "item": ITEM,
    "other": {"anyOf": [ITEM, NULL]},
    "items": _list(ITEM),
    "notes": {"anyOf": [_list({"type": ["string", "null"]}), NULL]},
    "1": {"const": 1},
    "-1.5": {"const": -1.5},
    '"a"': {"const": "a"},
    "true": {"const": True},
    "null": NULL,
    '"{{ id }}"': {"type": "string"},
    # a literal takes the type of what it stands for
    "if ok then 1.5 else total": DECIMAL,
    "if ok then 1 else f": {"type": "number"},
    "if ok then [1.5] else [total]": {"anyOf": [_list({"const": "1.5"}), _list(DECIMAL)]},
    "if ok then [1] else [f]": {"anyOf": [_list({"const": 1.0}), _list({"type": "number"})]},
    'if ok then "a" else "b"': {"enum": ["a", "b"]},
    "if ok then 1 else null": {"enum": [1, None]},
    "if ok then n else null": {"type": ["integer", "null"]},
    'note ?? "-"': {"type": "string"},
    "cost ?? 0.50": DECIMAL,
    "was ?? new": {"anyOf": [STATUS, {"const": "new"}]},
    "{ }": _object([]),
    "{ a: 1, b?: note, c?: null, d?: n }": _object(
        ["a", "d"], a={"const": 1}, b={"type": "string"}, d={"type": "integer"}
    ),
    "{ ...item }": _object(["sku", "price", "tags"], **ITEM_KEYS),
    "{ ...item, sku: 1 }": _object(["sku", "price", "tags"], **{**ITEM_KEYS, "sku": {"const": 1}}),
    "{ ...{ b?: note }, c: 1 }": _object(["c"], b={"type": "string"}, c={"const": 1}),
    "{ ...(if ok then { a: 1 } else { a: 2, b: 3 }) }": _object(
        ["a"], a={"enum": [1, 2]}, b={"const": 3}
    ),
    'if ok then { a: 1 } else { a: "x", b: 2 }': {
        "anyOf": [_object(["a"], a={"const": 1}),
                  _object(["a", "b"], a={"const": "x"}, b={"const": 2})]
    },
    "items.map(i, i.price)": _list(DECIMAL_OR_NULL),
    "items.map(i, { s: i.sku })": _list(_object(["s"], s={"type": "string"})),
    'items.filter(i, i.sku == "a")': _list(ITEM),
    'items.first(i, i.sku == "a")': {"anyOf": [ITEM, NULL]},
    'items.any(i, i.sku == "a")': {"type": "boolean"},
    "[1, 2]": _list({"enum": [1, 2]}),
    "[1, note]": _list({"anyOf": [{"const": 1}, {"type": "string"}, NULL]}),
    "[total, 1, n]": _list(DECIMAL),
    "[9, cost]": _list(DECIMAL_OR_NULL),
    "[9, total].max()": DECIMAL_OR_NULL,
    "[n, total].map(i, i)": _list(DECIMAL),
    "[total, f, note].map(i, i)": _list({}),
    "[[n], [total]]": _list({"anyOf": [_list({"type": "integer"}), _list(DECIMAL)]}),
    "item.price": DECIMAL_OR_NULL,
    'extra["a"]': {},
    'extra["a"].as_int()': {"type": ["integer", "null"]},
}  # fmt: skip


@cache
def exported() -> tuple[Any, Any]:
    """The schemas of all values as keys of one body, and that body as it is sent."""
    keys = " ".join(f"k{number}: {value}" for number, value in enumerate(SCHEMAS))
    plan, tests = checked_text(PROGRAM.format(keys))
    assert plan is not None
    sent = play(plan, tests[0]).attempts[0].request["body"]
    return document(plan, list(actions_of(plan)), closed=True), json.loads(pretty_json(sent))


@pytest.mark.parametrize("value", SCHEMAS)
def test_each_kind_of_value(value: str) -> None:
    schemas, _ = exported()
    key = f"k{list(SCHEMAS).index(value)}"
    assert schemas["$defs"]["o.a"]["properties"][key] == SCHEMAS[value]
    assert key in schemas["$defs"]["o.a"]["required"]


def test_what_is_sent_is_valid() -> None:
    schemas, sent = exported()
    assert body_problems(schemas, "o.a", sent) == []


def test_declared_names() -> None:
    schemas, _ = exported()
    assert schemas["$defs"]["Status"] == {"type": "string", "enum": ["new", "paid"]}
    assert schemas["$defs"]["One"] == {"type": "string", "enum": ["only"]}
    assert schemas["$defs"]["Item"] == _object(["sku", "price", "tags"], **ITEM_KEYS)
    assert schemas["anyOf"] == [{"$ref": "#/$defs/o.a"}]
