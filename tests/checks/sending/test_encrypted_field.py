"""FQL371 of a field that is to be encrypted and is not sent."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect, reports, shop


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


PROGRAM = """
type Address { street: String  place: Place }
type Place { city: String  within: Address? }
entity Order { id: ID @key  address: Address  old: [Address]  extra: JSON }
observer o { on: Order.insert  webhook a {
  url: "https://a.example.com"  body: BODY
  BATCH encryption: { key: "${KEY}", fields: [city] } MARK
} }
"""
_NONE = "# error: FQL371 no key `city` to encrypt"


@pytest.mark.parametrize(
    ("body", "batch", "mark"),
    [
        ("{ a: [{ city: id }] }", "", ""),
        ("{ a: [{ b: { city: id } }] }", "", ""),
        ("{ a: each { city: id } }", "batch: { size: 2, timeout: 1s }", ""),
        ("{ a: address.place }", "", ""),
        ("{ a: address }", "", ""),
        ("{ a: old }", "", ""),
        ("{ a: extra }", "", ""),  # it may have every key
        ("{ a: [{ b: id }] }", "", _NONE),
        ("{ a: each { id } }", "batch: { size: 2, timeout: 1s }", _NONE),
        ("{ a: address.street }", "", _NONE),
    ],
)
def test_the_key_may_be_at_any_depth(body: str, batch: str, mark: str) -> None:
    text = PROGRAM.replace("BODY", body).replace("BATCH", batch).replace("MARK", mark)
    expect(text)


def test_a_key_that_is_nearly_right_is_told() -> None:
    text = PROGRAM.replace("BODY", "{ citty: id }").replace("BATCH", "").replace("MARK", "")
    (found,) = [one for one in reports(text) if one.code == "FQL371"]
    assert found.help == ("did you mean `citty`?",)
