# ruff: noqa: E501 - sources in the language are shown as they are written
"""FQL361 and FQL203: subjects of `publish`."""

from __future__ import annotations

import pytest

from tests.checks.harness import SHOP, expect, shop


def tell(subject: str, mark: str) -> str:
    """An observer with one message."""
    return shop(f'publish a {{ subject: "{subject}", body: {{ id }} }} {mark}')


@pytest.mark.parametrize(
    ("subject", "mark"),
    [
        ("orders", ""),
        ("orders.{{ country }}.order-{{ id }}", ""),
        ("${STAGE}.orders", ""),
        ("orders.${STAGE}", ""),
        ("{% if total > 1 %}big{% else %}small{% endif %}.orders", ""),
        ("", "# error: FQL361 empty"),
        ("orders..shipped", "# error: FQL361 empty"),
        (".orders", "# error: FQL361 empty"),
        ("orders.", "# error: FQL361 empty"),
        ("orders.*", "# error: FQL361 wildcard"),
        ("orders.>", "# error: FQL361 wildcard"),
        ("{% if total > 1 %}a.*{% else %}b{% endif %}", "# error: FQL361 wildcard"),
        ("orders shipped", "# error: FQL361 blank"),
        ("orders.\\tshipped", "# error: FQL361 blank"),
        ("orders.\\u{0}shipped", "# error: FQL361 control"),
        ("$JS.API.STREAM.DELETE.orders", "# error: FQL361 belong to the NATS server"),
        ("$SYS.{{ id }}", "# error: FQL361 belong to the NATS server"),
        ("_INBOX.{{ id }}", "# error: FQL361 belong to the NATS server"),
        ("a" * 1_001, "# error: FQL361 at most 1,000"),
        ("orders.{{ nothing }}", "# error: FQL311"),
    ],
)
def test_a_subject_is_judged_as_far_as_it_is_known(subject: str, mark: str) -> None:
    expect(tell(subject, mark))


def test_no_endpoint_has_the_name_of_all_messages() -> None:
    endpoint = 'endpoint nats { url: "https://a.example.com" }'
    hook = "webhook b { endpoint: nats body: { id } }"
    used = f'observer watch {{ on: Order.update\n{hook}\npublish a {{ subject: "x" body: {{ id }} }}\n}}\n'
    expect(used + endpoint + " # error: FQL203 publish" + SHOP)
    expect(f"observer watch {{ on: Order.update\n{hook}\n}}\n" + endpoint + SHOP)
