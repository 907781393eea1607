"""Answers that `test` blocks script are judged by the contract."""

from __future__ import annotations

import pytest

from tests.contracts.projects import found, openapi, source

_SKU = {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}
_ANSWER = {"type": "object", "required": ["url", "at"], "properties": {
    "url": {"type": "string"}, "at": {"type": "string", "format": "date-time"},
    "carrier": {"enum": ["dhl", "ups"]}, "parts": {"type": "array", "items": _SKU},
    "note": {"type": "string", "maxLength": 3}}}  # fmt: skip
_TEST = """
test "t" {
  observer: shipped
  event: Order.update
  old: { id: "6f1c0a52-0000-4000-8000-000000000001", weight: 1.5 }
  new: { weight: 2.5 }
  respond: { label: ANSWER }
  expect: { sent: [label, tell] }
}
"""
_WHOLE = 'url: "u", at: "2026-01-01T00:00:00Z"'


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (f"{{ status: 201, body: {{ {_WHOLE} }} }}", None),
        (f"{{ body: {{ {_WHOLE}, carrier: \"dhl\", more: 1 }} }}", None),
        ("{ status: 503, body: { reason: 1 } }", None),
        ("{ status: 201 }", None),
        ('{ status: 201, body: { url: "u" } }', "`at` of `Label` is missing"),
        ('{ body: { url: "u", at: "today" } }', "`at`: `today` is not `DateTime`"),
        ('{ body: { url: 7, at: "2026-01-01T00:00:00Z" } }', "`url`: `7` is not `String`"),
        (f'{{ body: {{ {_WHOLE}, carrier: "x" }} }}', "`carrier` is never `x`"),
        (f"{{ body: {{ {_WHOLE}, parts: [{{ }}] }} }}", "`sku` of `LabelParts` is missing"),
        ("[{ status: 503 }, { body: [] }]", "is not an object"),
        (f'{{ body: {{ {_WHOLE}, note: "too long" }} }}', "it breaks `maxLength`"),
    ],
)  # fmt: skip
def test_a_scripted_answer_fits_the_contract(answer: str, said: str | None) -> None:
    text = source("u: label.response.url") + _TEST.replace("ANSWER", answer)
    contract = openapi({"$ref": "#/components/schemas/Label"}, Label=_ANSWER)
    reports = found({"a.fql": text, "crm.json": contract})
    assert [code for code, _ in reports] == ([] if said is None else ["FQL381"])
    assert said is None or said in reports[0][1]
