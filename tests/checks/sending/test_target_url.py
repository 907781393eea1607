"""FQL361 and FQL332."""

from __future__ import annotations

import pytest

from fql.plan.web.addresses import EgressSettings
from fqlc.checks.model import Surroundings
from tests.checks.harness import expect, shop


def hook(url: str, mark: str) -> str:
    """An observer with one webhook."""
    return shop(f'webhook a {{ url: "{url}", body: {{ id }} }} {mark}')


@pytest.mark.parametrize(
    ("url", "mark"),
    [
        ("shop.example.com/x", "# error: FQL361"),
        ("https://shop.example.com/{{ id }}#x", "# error: FQL361 fragment"),
        ("https://{{ id }}.example.com/", "# error: FQL361 is not allowed in the scheme"),
        ("https://user:secret@shop.example.com/", "# error: FQL361"),
        ("ftp://shop.example.com/", "# error: FQL332"),
        ("https://127.0.0.1/", "# error: FQL332 not a public one"),
        ("https://[::ffff:169.254.169.254]/", "# error: FQL332"),
        ("https://shop.example.com:22/", "# error: FQL332 port 22"),
        ("http://shop.example.com/", "# warning: FQL332 not encrypted"),
        ("https://shop.example.com/{{ id }}?c={{ country }}", ""),
        ("${SHOP}/orders/{{ id }}", ""),
    ],
)
def test_urls(url: str, mark: str) -> None:
    expect(hook(url, mark))


def test_the_project_may_open_an_address() -> None:
    egress = EgressSettings(allow=("127.0.0.1/32",))
    expect(hook("http://127.0.0.1:9000/", ""), Surroundings(egress=egress))


def test_paths_and_endpoints() -> None:
    expect(
        shop("""
  webhook a { endpoint: e, path: "x", body: { id } } # error: FQL361 starts with `/`
  webhook b { endpoint: e, path: "/x/{{ id }}", body: { id } }
  webhook c { endpoint: f, body: { id } }
  webhook d { endpoint: e, path: "/x#y", body: { id } } # error: FQL361 fragment
  webhook e { endpoint: e, path: "/../{{ id }}", body: { id } } # error: FQL361
  webhook f { endpoint: e, path: "{{ id }}", body: { id } } # error: FQL361 starts with `/`""")
        + """
endpoint e { url: "https://e.example.com" }
endpoint f { url: "https://f.example.com/?q=1" } # error: FQL361 query"""
    )
