"""FQL371."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect, shop


@pytest.mark.parametrize(
    ("setting", "mark"),
    [
        ('signing: { secret: "${S}" }', ""),
        ('signing: { secret: ["${NEW}", "${OLD}"] }', ""),
        (
            'signing: { secret: [{ secret: "${A}", not_after: "2026-03-02T14:00:00Z" }, "${B}"] }',
            "",
        ),
        ('signing: { secret: [{ secret: "${A}", not_after: "soon" }] }', "# error: FQL206"),
        ("signing: { scheme: standard }", "# error: FQL371 signs nothing"),
        ("signing: { enabled: false }", ""),
        ('signing: { secret: "short" }', "# error: FQL371 is written in the source"),
        (
            'signing: { scheme: github, secret: "${S}", header: "X" }',
            "# error: FQL371 its own headers",
        ),
        ('signing: { header: "X-Sig", secret: "${S}" }', ""),
        ('signing: { scheme: md5, secret: "${S}" }', "# error: FQL206"),
        ('signing: { scheme: stripe, algorithm: ed25519, secret: "${S}" }', "# error: FQL371"),
        ('signing: { algorithm: ed25519, secret: "${S}" }', ""),
        ('signing: { scheme: standard, algorithm: ed25519, secret: "${S}" }', ""),
        ('signing: { algorithm: ed25519, secret: "${S}", header: "X" }', "# error: FQL371"),
        (
            'signing: { algorithm: ed25519, secret: "${S}", timestamp_header: "X" }',
            "# error: FQL371 the scheme `standard` only",
        ),
        ('signing: { secret: ["${S}", "a longer text of the source"] }', "# error: FQL371 source"),
        ("signing: { secret: [] }", "# error: FQL371 signs nothing"),
        ('encryption: { algorithm: AES-256-GCM, key: "${K}" }', ""),
        ('encryption: { key: "a key that stands in the source" }', "# error: FQL371 the key is"),
        ('encryption: { algorithm: DES, key: "${K}" }', "# error: FQL206"),
        ("encryption: { fields: [id] }", "# error: FQL371 encrypts nothing"),
        ('encryption: { key: "${K}", fields: [] }', "# error: FQL371 no fields"),
        ('auth: { type: bearer, token: "${T}" }', ""),
        ("auth: { type: basic }", "# error: FQL371 `username` and `password`"),
        ('auth: { type: bearer, token: "${T}", username: "x" }', "# error: FQL371 no `username`"),
        ('auth: { type: bearer, token: "of the source" }', "# error: FQL371 the `token` is"),
        (
            'auth: { type: basic, username: "me", password: "of the source" }',
            "# error: FQL371 the `password` is",
        ),
        (
            'auth: { type: header, header: "X-Key", value: "of the source" }',
            "# error: FQL371 the `value` is",
        ),
    ],
)
def test_settings(setting: str, mark: str) -> None:
    expect(shop(f'webhook a {{ url: "https://a.example.com", body: {{ id }}, {setting} }} {mark}'))


def test_levels_complete_each_other() -> None:
    expect(
        shop("""signing: { scheme: standard }
  webhook a { url: "https://a.example.com", body: { id }, signing: { secret: "${S}" } }""")
    )
