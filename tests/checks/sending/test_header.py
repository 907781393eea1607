"""FQL361 of headers and bodies."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect, shop


@pytest.mark.parametrize(
    ("header", "mark"),
    [
        ('"X-Id": "{{ id }}"', ""),
        ('"Authorization": "Bearer ${TOKEN}"', ""),
        ('"Host": "x"', "# error: FQL361"),
        ('"webhook-id": "x"', "# error: FQL361"),
        ('"two words": "x"', "# error: FQL361"),
        ('"X-Line": "a\\nb"', "# error: FQL361"),
        ('"X-A": "1", "x-a": "2"', "# error: FQL203 written twice"),
        ('"X-A": 5', "# error: FQL206"),
    ],
)
def test_headers(header: str, mark: str) -> None:
    url = "https://a.example.com"
    expect(shop(f'webhook a {{ url: "{url}", headers: {{ {header} }}, body: {{ id }} }} {mark}'))


def test_a_get_has_no_body() -> None:
    expect(shop('webhook a { url: "https://a.example.com", method: GET, '
                "body: { id } } # error: FQL361 without a body"))  # fmt: skip
