# ruff: noqa: E501 - sources in the language are shown as they are written
"""FQL331."""

from __future__ import annotations

from tests.checks.harness import expect, reports, shop

E = 'endpoint crm { url: "https://c.example.com", accepts: [sensitive] }\n'


def test_in_a_body_a_text_a_header_and_a_path() -> None:
    expect(
        shop("""
  webhook a { url: "https://a.example.com", body: { email } } # error: FQL331 `email` of `Order`
  webhook b { url: "https://a.example.com", body: "to {{ email }}" } # error: FQL331
  webhook c { url: "https://a.example.com/{{ email }}", body: { id } } # error: FQL331
  webhook d { url: "https://a.example.com", headers: { "X-To": "{{ email }}" }, body: { id } } # error: FQL331
""")
    )


def test_a_body_that_is_not_given_holds_everything() -> None:
    expect(shop('webhook a { url: "https://a.example.com" } # error: FQL331 every field'))


def test_ways_out() -> None:
    expect(
        shop("""
  webhook a { endpoint: crm, body: { email } }
  webhook b { url: "https://a.example.com", body: { email, id }
    encryption: { key: "${KEY}", fields: [email] } }
  webhook c { url: "https://a.example.com", encryption: { key: "${KEY}" } }
  webhook d { url: "https://a.example.com", body: { known: email == "a@b.c", long: email.length() } }
""")
        + E
    )


def test_encryption_of_other_fields_does_not_help() -> None:
    text = """webhook a { url: "https://a.example.com", body: { email, id } # error: FQL331
    encryption: { key: "${KEY}", fields: [id] } }"""
    expect(shop(text))


def test_the_chain_starts_at_the_mark() -> None:
    (found,) = reports(shop('webhook a { url: "https://a.example.com", body: { email } }'))
    assert "is marked `@sensitive`" in found.labels[0].message
