"""FQL362: a `Content-Type` that does not fit the body."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect, shop


def hook(header: str, more: str = "body: { id }") -> str:
    """An action with a header on its second line."""
    return shop(f'webhook w {{ url: "https://x.example.com/" {more} headers: {{ {header}\n }} }}')


@pytest.mark.parametrize(
    "header",
    [
        '"Content-Type": "application/x-www-form-urlencoded" # error: FQL362 x-www-form-urlencoded',
        '"content-type": "text/xml; charset=utf-8" # error: FQL362 `text/xml`',
        '"Content-Type": "text/plain" # error: FQL362',
        '"Content-Type": "application/x-ndjson" # error: FQL362',
        '"Content-Type": "application/xml; v={{ id }}" # error: FQL362 `application/xml`',
        '"Content-Type": "application/json"',
        '"Content-Type": "Application/JSON; charset=utf-8"',
        '"Content-Type": "application/cloudevents+json"',
        '"Content-Type": "application/x-amz-json-1.1"',
        '"Content-Type": "{{ status }}"',
        '"Accept": "text/xml"',
    ],
)
def test_media_types(header: str) -> None:
    expect(hook(header))


def test_no_body_and_an_encrypted_one() -> None:
    expect(hook('"Content-Type": "text/plain"', "method: GET"))
    key = 'body: { id } encryption: { key: "${K}" }'
    expect(hook('"Content-Type": "application/jose"', key))
    parts = 'body: { id } encryption: { key: "${K}", fields: [id] }'
    expect(hook('"Content-Type": "application/jose" # error: FQL362', parts))


def test_a_header_of_an_endpoint_is_reported_once() -> None:
    text = shop("webhook a { endpoint: e body: { id } }\nwebhook b { endpoint: e body: { id } }")
    expect(text + 'endpoint e {\n url: "https://x.example.com"\n'
           ' headers: { "Content-Type": "text/csv" }  # error: FQL362 `text/csv`\n}\n')  # fmt: skip


def test_a_nearer_level_mends_it() -> None:
    text = shop('webhook a { endpoint: e body: { id } headers: { "content-type": null } }')
    expect(
        text
        + 'endpoint e { url: "https://x.example.com" headers: { "Content-Type": "text/csv" } }\n'
    )
