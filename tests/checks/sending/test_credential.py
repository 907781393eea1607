"""FQL322."""

from __future__ import annotations

import pytest

from tests.checks.harness import reports, shop

KEYS = [
    "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "Bearer " + "abcdef0123456789abcdef",
]


@pytest.mark.parametrize("key", KEYS)
def test_a_literal_credential_is_found_and_masked(key: str) -> None:
    """The message must not spread the secret further."""
    url = "https://a.example.com"
    text = shop(f'webhook a {{ url: "{url}", headers: {{ "X-Key": "{key}" }}, body: {{ id }} }}')
    found = [d for d in reports(text) if d.code == "FQL322"]
    assert len(found) == 1
    assert key not in str(found)


@pytest.mark.parametrize("text", ["Bearer ${TOKEN}", "task_list_of_today", "sk_live", "whsec_"])
def test_ordinary_texts_are_left_alone(text: str) -> None:
    url = "https://a.example.com"
    headers = f'{{ "X-Key": "{text}" }}'
    found = reports(shop(f'webhook a {{ url: "{url}", headers: {headers}, body: {{ id }} }}'))
    assert not found
