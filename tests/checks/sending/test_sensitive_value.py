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


def test_the_cure_names_the_key_of_the_body() -> None:
    """What is encrypted is a key of the body, not a field of the row."""
    (found,) = reports(shop('webhook a { url: "https://a.example.com", body: { to: email } }'))
    assert any("fields: [to]" in help_ for help_ in found.help)
    cured = 'body: { to: email } encryption: { key: "${K}", fields: [to] }'
    assert not reports(shop(f'webhook a {{ url: "https://a.example.com", {cured} }}'))


def test_the_chain_starts_at_the_mark() -> None:
    (found,) = reports(shop('webhook a { url: "https://a.example.com", body: { email } }'))
    assert "is marked `@sensitive`" in found.labels[0].message


def test_of_many_fields_the_first_are_listed() -> None:
    """They have one cause and one cure; that there are more is said."""
    fields = " ".join(f"f{n}: String @sensitive" for n in range(50))
    text = f"entity Many {{ id: ID @key {fields} }}\n" + (
        'observer o { on: Many.insert webhook a { url: "https://a.example.com" } }'
    )
    found = [d for d in reports(text) if d.code == "FQL331"]
    assert len(found) == 20
    assert sum("there are more such fields" in d.help[-1] for d in found) == 1


def test_types_in_types_cost_no_stack_and_no_power_of_two() -> None:
    types = " ".join(f"type T{n} {{ a: T{n + 1}?, b: T{n + 1}? }}" for n in range(2_000))
    text = (
        f"{types} type T2000 {{ s: String @sensitive }}\nentity Deep {{ id: ID @key t: T0 }}\n"
        + ('observer o { on: Deep.insert webhook a { url: "https://a.example.com" } }')
    )
    assert [d.code for d in reports(text) if d.code != "FQL207"] == ["FQL331"]


def test_an_endpoint_says_what_it_accepts() -> None:
    """Also by not being there, or not readable: then it is not known what it accepts."""
    text = shop("webhook a { endpoint: crm, body: { email } }")
    closed = text + 'endpoint crm { url: "https://c.example.com" }\n'
    (found,) = reports(closed)
    assert found.message.endswith("would be sent unencrypted to the endpoint `crm`")
    assert [label.message for label in found.labels][1:] == ["does not accept sensitive values"]
    assert found.help[0] == "declare in the endpoint: `accepts: [sensitive]`"
    assert [one.code for one in reports(text)] == ["FQL202"]
    broken = text + 'endpoint crm { url: "https://c.example.com"  accept: [sensitive] }\n'
    assert [one.code for one in reports(broken)] == ["FQL204"]


def test_headers_of_the_observer_are_sent_by_each_webhook() -> None:
    expect(
        shop("""headers: { "X-To": "{{ email }}" } # error: FQL331 ;; error: FQL331
  webhook a { url: "https://a.example.com", body: { id } }
  webhook b { url: "https://b.example.com", body: { id } }
  webhook c { url: "https://c.example.com", body: { id }, headers: { "x-to": null } }
  publish d { subject: "orders", body: { id } }""")
    )


def test_messages_and_calls_are_receivers_too() -> None:
    expect(
        shop("""
  publish a { subject: "orders", body: { email } } # error: FQL331 to the subject of `a`
  publish b { subject: "orders.{{ email }}", body: { id } } # error: FQL331
  publish c { subject: "orders", body: { email }, accepts: [sensitive] }
  call d { function: f, arguments: { email } } # error: FQL331 to the function `f`
  call e { function: f, arguments: { email }, accepts: [sensitive] }""")
    )


def test_encryption_that_is_switched_off_hides_nothing() -> None:
    text = """encryption: { key: "${KEY}" }
  webhook a { url: "https://a.example.com", body: { email } }
  webhook b { url: "https://a.example.com", body: { email } # error: FQL331
    encryption: null }"""
    expect(shop(text))


def test_a_field_is_reported_once_for_an_action() -> None:
    expect(
        shop("""
  webhook a { url: "https://a.example.com/{{ email }}", body: { email, to: email } } # error: FQL331""")
    )


def test_events_of_a_batch_are_sent_too() -> None:
    expect(
        shop("""
  webhook a { url: "https://a.example.com", batch: { size: 2, timeout: 1s }
    body: { all: each { id, email } } } # error: FQL331
  webhook b { url: "https://a.example.com", batch: { size: 2, timeout: 1s }
    body: { all: each { id, email } }, encryption: { key: "${KEY}", fields: [email] } }
  webhook c { url: "https://a.example.com", batch: { size: 2, timeout: 1s } } # error: FQL331
  flow { [a, b, c] }""")
    )
