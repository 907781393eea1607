"""A small project for tests of running commands: sources, settings, events."""

from __future__ import annotations

import json
from pathlib import Path

SOURCE = """
entity Order from "orders" {
  id: Int @key
  status: String
  total: Decimal?
}
endpoint receiver { url: "%s" timeout: 2s }
retry quick { max_attempts: 2, backoff: fixed, initial_delay: 20ms, jitter: none }
observer paid {
  on: Order.update
  when: status.changed_to("paid")
  retry: quick
  webhook stock { endpoint: receiver path: "/stock/{{ id }}" body: { id } }
  webhook books { endpoint: receiver path: "/books/{{ id }}" body: { id, total } }
  flow { stock -> books }
}
"""

SETTINGS = """[egress]
allow = ["127.0.0.1/32"]
"""


def write_project(folder: Path, url: str, *, settings: str = "", source: str = SOURCE) -> None:
    """`shop.fql` and `fql.toml` for a receiver at a url."""
    (folder / "shop.fql").write_text(source % url)
    (folder / "fql.toml").write_text(SETTINGS + settings)


def paid(number: int, **more: object) -> dict[str, object]:
    """The envelope of an order that was paid."""
    old = {"id": number, "status": "new", "total": "9.90"}
    new = old | {"status": "paid"}
    return {"entity": "Order", "event": "update", "old": old, "new": new, **more}


def lines(*envelopes: object) -> str:
    """Envelopes as JSON lines; texts stay as they are."""
    return "".join(f"{e if isinstance(e, str) else json.dumps(e)}\n" for e in envelopes)
