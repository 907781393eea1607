"""FQL371 of a field that is to be encrypted and is not sent."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect, shop


@pytest.mark.parametrize(
    ("field", "mark"),
    [
        ("id", ""),
        ("total", "# error: FQL371 no key `total` to encrypt"),
        ("idd", "# error: FQL371"),
    ],
)
def test_an_encrypted_field_is_a_key_of_the_body(field: str, mark: str) -> None:
    encryption = f'encryption: {{ key: "${{KEY}}", fields: [{field}] }}'
    url = "https://a.example.com"
    expect(shop(f'webhook a {{ url: "{url}", {encryption}, body: {{ id }} }} {mark}'))
