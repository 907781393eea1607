"""FQL371: dates of signing secrets."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect, shop


@pytest.mark.parametrize(
    ("secrets", "mark"),
    [
        ('["${NEW}", "${OLD}"]', ""),
        ('[{ secret: "${OLD}", not_after: "2026-06-01T00:00:00Z" }, "${NEW}"]', ""),
        (
            '[{ secret: "${OLD}", not_after: "2026-06-02T00:00:00Z" },'
            ' { secret: "${NEW}", not_before: "2026-06-01T00:00:00Z" }]',
            "",
        ),
        (
            '[{ secret: "${OLD}", not_after: "2026-06-01T00:00:00Z" },'
            ' { secret: "${NEW}", not_before: "2026-06-02T00:00:00Z" }]',
            "# warning: FQL371 from 2026-06-01T00:00:00+00:00 to 2026-06-02T00:00:00+00:00",
        ),
        (
            '{ secret: "${OLD}", not_after: "2026-06-01T00:00:00Z" }',
            "# warning: FQL371 from 2026-06-01T00:00:00+00:00 on",
        ),
        (
            '{ secret: "${S}", not_before: "2026-06-02T00:00:00Z",'
            ' not_after: "2026-06-01T00:00:00Z" }',
            "# error: FQL371 ends before it starts",
        ),
        ('{ secret: "${S}", not_before: "2026-06-02T00:00:00Z" }', ""),
    ],
)
def test_times_without_a_secret(secrets: str, mark: str) -> None:
    text = f'webhook a {{ url: "https://a.example.com", body: {{ id }}, signing: {{ secret: {secrets} }} }} {mark}'  # noqa: E501
    expect(shop(text))


@pytest.mark.parametrize(
    ("setting", "mark"),
    [
        ('auth: { type: header, header: "X-Key", value: "${K}" }', ""),
        ('auth: { type: header, header: "Host", value: "${K}" }', "# error: FQL361 by fql itself"),
        ('auth: { type: header, header: "a b", value: "${K}" }', "# error: FQL361 consists of"),
        ('signing: { secret: "${S}", header: "webhook-id" }', "# error: FQL361"),
        ('signing: { secret: "${S}", timestamp_header: "Content-Length" }', "# error: FQL361"),
    ],
)
def test_names_of_headers_in_settings(setting: str, mark: str) -> None:
    expect(shop(f'webhook a {{ url: "https://a.example.com", body: {{ id }}, {setting} }} {mark}'))


@pytest.mark.parametrize(
    ("url", "mark"),
    [
        ("https://login.example.com/token", ""),
        ("${LOGIN}/token", ""),
        ("http://login.example.com/token", "# warning: FQL332 not encrypted"),
        ("https://169.254.169.254/token", "# error: FQL332"),
        ("https://login.example.com/token#x", "# error: FQL361"),
    ],
)
def test_token_servers_are_judged_as_receivers(url: str, mark: str) -> None:
    """Credentials are sent there."""
    auth = f'auth: {{ type: oauth2, token_url: "{url}", client_id: "c", client_secret: "${{S}}" }}'
    expect(shop(f'webhook a {{ url: "https://a.example.com", body: {{ id }}, {auth} }} {mark}'))
