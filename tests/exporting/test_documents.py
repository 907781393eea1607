"""What a document says besides the schemas of values: bodies, headers, answers, names."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from fqlc.exporting.actions import actions_of
from tests.exporting.validating import checked_text, document, problems_of_openapi

URL = 'url: "https://g.example.com"'
KEY = 'encryption: { key: "${K}"'
PROGRAM = f"""
enum Level {{ low, high }}
type Part {{ cost: Decimal? }}
type Answer {{ total: Decimal  note: String?  level: Level  parts: [Part] }}
entity Order {{ id: ID @key  level: Level  note: String? }}
endpoint crm {{ url: "https://crm.example.com/"
  headers: {{ "X-Key": "${{KEY}}" "X-Gone": "1" "X-Fixed": "2" Authorization: "a ${{T}}" }} }}
observer o {{
  on: [Order.insert, Order.update, Order.delete]
  webhook a {{ endpoint: crm  path: "/a/{{{{ id }}}}"  method: PUT  response: Answer  body: {{ id }}
    headers: {{ "x-gone": null  "X-Own": "{{{{ _id }}}}"  "x-fixed": "3" }} }}
  webhook get {{ {URL} method: GET }}
  webhook none {{ {URL} format: none }}
  webhook csv {{ {URL} format: text headers: {{ "Content-Type": "Text/CSV; charset=utf-8" }}
    body: "{{{{ _id }}}}" }}
  webhook xml {{ {URL} format: xml body: "<a>{{{{ _id }}}}</a>" }}
  webhook form {{ {URL} format: form
    body: {{ id: _id, "odd key": note, list: [note, "x"], level, never: null }} }}
  webhook whole {{ {URL} {KEY} }} }}
  webhook text {{ {URL} format: text {KEY} }} body: "{{{{ _id }}}}" }}
  webhook part {{ {URL} {KEY}, fields: ["odd key/é", note] }}
    body: {{ "odd key/é": _id, deep: {{ note: 1 }}, list: [{{ note: 1 }}], row: _new, level }} }}
  webhook many {{ {URL} batch: {{ size: 3, timeout: 1s }} }}
  webhook every {{ {URL} batch: {{ size: 4, timeout: 1s }} body: {{ all: each {{ id }} }} }}
}}
"""
SEALED = {"type": "string", "format": "jwe"}
LEVEL = {"$ref": "#/components/schemas/Level"}


@cache
def exported() -> Any:
    plan, _ = checked_text(PROGRAM)
    assert plan is not None
    return document(plan, list(actions_of(plan)), "openapi", closed=True)


def _operation(action: str) -> Any:
    (found,) = exported()["webhooks"][f"o.{action}"].values()
    return found


def _body(action: str) -> tuple[str, Any]:
    """The one media type of a request, and its schema."""
    body = _operation(action)["requestBody"]
    assert body["required"] is True
    ((media, inside),) = body["content"].items()
    return media, inside["schema"]


def _closed(required: list[str], **properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": required,
            "additionalProperties": False}  # fmt: skip


def test_it_is_a_document_of_openapi() -> None:
    assert problems_of_openapi(exported()) == []


@pytest.mark.parametrize("action", ["get", "none"])
def test_what_sends_no_body_describes_none(action: str) -> None:
    assert "requestBody" not in _operation(action)


@pytest.mark.parametrize(
    ("action", "media", "schema"),
    [
        ("csv", "text/csv", {"type": "string"}),
        ("xml", "application/xml", {"type": "string"}),
        ("text", "text/plain", SEALED),
        ("whole", "application/json", SEALED),
        ("a", "application/json", _closed(["id"], id={"type": ["string", "integer"]})),
    ],
)
def test_bodies_by_media_type(action: str, media: str, schema: object) -> None:
    assert _body(action) == (media, schema)


def test_a_form_leaves_null_and_empty_lists_out() -> None:
    media, schema = _body("form")
    assert media == "application/x-www-form-urlencoded"
    text = {"type": "string"}
    assert schema.pop("properties") == {
        "id": text, "odd key": text, "list": {"type": "array", "items": text}, "level": LEVEL,
        "never": {"type": "null"},
    }  # fmt: skip
    assert schema["required"] == ["id", "level"]


def test_encrypted_keys_at_any_depth() -> None:
    _, schema = _body("part")
    inner = _closed(["note"], note=SEALED)
    assert schema["properties"] == {
        "odd key/é": SEALED, "deep": inner, "list": {"type": "array", "items": inner},
        "row": {"anyOf": [{"$ref": "#/components/schemas/Order-encrypted-note"}, {"type": "null"}]},
        "level": LEVEL,
    }  # fmt: skip
    named = exported()["components"]["schemas"]["Order-encrypted-note"]
    assert named["properties"] == {"id": {"type": ["string", "integer"]}, "level": LEVEL,
                                   "note": SEALED}  # fmt: skip


def test_envelopes() -> None:
    """Each kind of event has the rows that it has, and a batch holds at most its size."""
    media, schema = _body("many")
    assert (media, schema["minItems"], schema["maxItems"]) == ("application/json", 1, 3)
    rows = {"insert": ["new"], "update": ["new", "old"], "delete": ["old"]}
    for kind, one in zip(rows, schema["items"]["anyOf"], strict=True):
        assert one["required"] == ["entity", "event", *rows[kind], "id", "timestamp"]
        assert one["properties"]["event"] == {"const": kind}
        assert one["properties"]["entity"] == {"const": "Order"}
        assert one["properties"]["timestamp"] == {"type": "string", "format": "date-time"}
        for row in rows[kind]:
            assert one["properties"][row] == {"$ref": "#/components/schemas/Order"}
    _, every = _body("every")
    events = every["properties"]["all"]
    assert (events["minItems"], events["maxItems"]) == (1, 4)


def test_headers_of_an_action_and_of_its_endpoint() -> None:
    """Without what is switched off, and without what OpenAPI describes elsewhere."""
    own = [one for one in _operation("a")["parameters"] if "$ref" not in one]
    assert all(one["in"] == "header" and one["required"] for one in own)
    assert {one["name"]: one["schema"] for one in own} == {
        "X-Key": {"type": "string"}, "X-Own": {"type": "string"}, "x-fixed": {"const": "3"},
    }  # fmt: skip
    assert _operation("a")["security"] == [{"authorization": []}]
    assert "security" not in _operation("get")
    shared = exported()["components"]["parameters"]
    given = {one["$ref"].rpartition("/")[2] for one in _operation("get")["parameters"]}
    assert given == set(shared)
    optional = {name for name, one in shared.items() if not one["required"]}
    assert optional == {"fql-redelivery", "traceparent", "tracestate"}


def test_what_is_said_of_the_request() -> None:
    assert _operation("a")["x-fql"] == {
        "events": ["Order.insert", "Order.update", "Order.delete"],
        "condition": "true",
        "url": "https://crm.example.com/a/{{ id }}",
    }


def test_an_answer_may_be_wider_than_what_is_sent() -> None:
    """A Decimal may come as a number, what may be null may be missing, and more may come."""
    good = _operation("a")["responses"]["2XX"]
    schema = good["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Answer-answer"}
    schemas = exported()["components"]["schemas"]
    assert schemas["Answer-answer"] == {
        "type": "object",
        "properties": {
            "total": {"type": ["string", "number"], "format": "decimal"},
            "note": {"type": ["string", "null"]},
            "level": LEVEL,
            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part-answer"}},
        },
        "required": ["total", "level", "parts"],
    }
    cost = {"type": ["string", "number", "null"], "format": "decimal"}
    assert schemas["Part-answer"] == {"type": "object", "properties": {"cost": cost}}
    assert "content" not in _operation("get")["responses"]["2XX"]


def test_open_schemas_take_more_keys() -> None:
    plan, _ = checked_text(PROGRAM)
    assert plan is not None
    found = json.dumps(document(plan, list(actions_of(plan)), "openapi"))
    assert "additionalProperties" not in found
