"""FQL302."""

from __future__ import annotations

from tests.checks.harness import expect, reports, shop

A = """
  webhook label { url: "https://a.example.com", body: { id } }
  webhook mail { url: "https://b.example.com", body: { id } }
"""


def test_an_unknown_name_is_reported_once_with_a_fix() -> None:
    text = shop(A + "flow { lable -> mail }")
    (found,) = reports(text)
    assert found.code == "FQL302"
    assert found.fix is not None
    assert found.fix.edits[0].text == "label"


def test_unknown_names_hide_what_follows_from_them() -> None:
    expect(shop(A + "flow { label -> post } # error: FQL302 no action `post`"))


def test_a_name_is_reported_where_it_occurs_first() -> None:
    expect(shop(A + "flow { label -> post # error: FQL302\n mail -> post }"))


def test_what_may_have_lost_its_name_is_not_unknown() -> None:
    """An action without a name, or one that could not be read, may be what is meant."""
    unnamed = A + 'webhook { url: "https://c.example.com" }\nflow { label -> post }'
    assert "FQL302" not in [one.code for one in reports(shop(unnamed))]
    unread = A + "webhook post { url: }\nflow { label -> [mail, post] }"
    assert {"FQL302", "FQL303"}.isdisjoint(one.code for one in reports(shop(unread)))
