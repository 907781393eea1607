"""FQL431: `response` against the answers of the contract."""

from __future__ import annotations

import pytest

from tests.checks.contract.api import PATH, told

_ANSWER = """\
responses:
  "201":
    description: made
    content:
      application/json:
        schema:
          type: object
          required: [id, url, count, state, at]
          properties:
            id: { type: string, format: uuid }
            url: { type: string }
            count: { type: integer }
            state: { enum: [paid, shipped] }
            at: { type: string, format: date-time }
            note: { type: string }
            lines: { type: array, items: { type: object, properties: { sku: { type: string } } } }
"""


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("id: UUID  url: String  count: Int  state: Status  at: DateTime  note: String?", ""),
        ("id: String  count: Decimal  state: String", ""),
        ("id: ID  count: Float  other: String?", ""),
        ("lines: [Line]?", ""),
        ("lines: [Strict]?", "`lines[].sku` of the answer may be missing or null"),
        ("note: String", "`note` of the answer may be missing or null, and `String` is not"),
        ("url: UUID", "`url` of the answer can be any text, and `UUID` takes only its format"),
        ("count: String", "`count` of the answer is a whole number, not `String`"),
        ("state: Other", '`state` of the answer can be `"shipped"`, which `Other` does not have'),
        ("other: String", "`other` of the answer is not in the contract"),
        ("at: JSON", ""),
    ],
)
def test_a_response_takes_every_answer(fields: str, problem: str) -> None:
    types = (
        "type Line { sku: String? }  type Strict { sku: String }  enum Other { paid }\n"
        f"type Made {{ {fields} }}"
    )
    reports = told(f"{PATH} format: none response: Made", _ANSWER, types)
    reports = [r for r in reports if "is never used" not in r and "FQL207" not in r]
    assert len(reports) == bool(problem)
    assert all(r.startswith(f"error FQL431: {problem}") for r in reports)
