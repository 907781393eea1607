"""FQL205, 206, 362 and 371: what the format of a body can hold."""

from __future__ import annotations

import pytest

from fql.plan.web.formats import FORM
from tests.checks.harness import expect

SHOP = """\
enum Kind {{ a, b }}
type Row {{ name: String, size: Int? }}
type Deep {{ row: Row }}
entity Order {{
  id: Int @key, note: String, maybe: String?, kind: Kind, tags: [String], j: JSON
  row: Row, deep: Deep
}}
observer o {{
  on: Order.insert
  webhook w {{
    url: "https://x.example.com/"
    {0}
  }}
}}
"""


@pytest.mark.parametrize(
    "keys",
    [
        "format: form body: { id, note, maybe, kind, tags, n: 1 }",
        "format: form body: { ...row, id }",
        "format: form body: { ...{ id }, note }",
        "format: form body: { note? }",
        "format: form body: { nonsense }  # error: FQL201",
        "format: form body: { j }  # error: FQL206 `JSON`",
        "format: form body: { a: { id } }  # error: FQL206 `Object`",
        "format: form body: { ...deep }  # error: FQL206 `row`",
        "format: form body: [id]  # error: FQL206",
        "format: form body: { a: [[id]] }  # error: FQL206",
        'format: form body: "a={{ id }}"  # error: FQL206',
        'format: text body: "a={{ id }}"',
        "format: text body: note",
        "format: text body: maybe  # error: FQL206 `String?`",
        "format: text body: id  # error: FQL206 `Int`",
        'format: xml body: "<a>{{ note }}</a>"',
        'format: xml body: "<a/>"',
        'format: xml body: "<a {{ note }}/>"  # error: FQL206 quotes',
        'format: xml body: "<a>"',
        'format: xml body: "<a"  # error: FQL206 ends',
        "format: xml body: note  # error: FQL206 written out",
        "format: none method: DELETE",
        "format: none body: { id }  # error: FQL206 `none`",
        "format: yaml body: { id }  # error: FQL206 `yaml`",
        "format: json body: { id, j, row }",
        f'format: form body: {{ id }} headers: {{ "Content-Type": "{FORM}" }}',
        'format: xml body: "<a/>" headers: { "Content-Type": "application/soap+xml" }',
        'format: text body: note headers: { "Content-Type": "text/csv" }',
        'format: text body: note headers: { "Content-Type": "application/json" }  # error: FQL362',
        'format: form body: { id } headers: { "Content-Type": "text/csv" }  # error: FQL362 a form',
        'format: none headers: { "Content-Type": "text/plain" }  # error: FQL362 nothing',
        'format: form body: { id } encryption: { key: "${K}", fields: [id] }  # error: FQL371',
        'format: form body: { id } encryption: { key: "${K}" }',
    ],
)
def test_what_a_format_holds(keys: str) -> None:
    expect(SHOP.format(keys))


def test_a_format_without_a_body() -> None:
    text = SHOP.format("format: form").replace("webhook w {", "webhook w {  # error: FQL205 body")
    expect(text)


def test_nothing_that_is_sensitive_leaves_without_a_body() -> None:
    text = SHOP.format("format: none method: DELETE").replace(
        "note: String,", "note: String @sensitive,"
    )
    expect(text)
