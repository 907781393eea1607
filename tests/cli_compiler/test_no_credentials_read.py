"""The tools that look at programs open no file that a program names for TLS."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli_compiler.conftest import Command

PROGRAM = """\
entity Order { id: ID @key }
observer o {
  on: Order.insert
  webhook w {
    url: "https://a.example.com/"
    auth: { type: mtls, certificate: "pipe.pem", key: "pipe.pem", ca: "pipe.pem" }
  }
}
test "sent" {
  observer: o, event: Order.insert, new: { id: "1" }, expect: { sent: [w] }
}
"""
EVENT = '{"entity": "Order", "event": "insert", "new": {"id": "1"}}\n'


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "command",
    [
        ("check", "shop.fql"), ("compile", "-o", "plan.json", "shop.fql"), ("test", "shop.fql"),
        ("explain", "shop.fql"), ("explain", "--event", "e.jsonl", "shop.fql"),
        ("list", "shop.fql"), ("graph", "shop.fql"), ("fmt", "--check", "shop.fql"),
        ("diff", "shop.fql", "shop.fql"),
    ],
)  # fmt: skip
def test_a_certificate_is_opened_by_those_who_send(
    fqlc: Command, shop: Path, command: tuple[str, ...]
) -> None:
    """Nobody writes to the pipe: who opened it would wait for ever."""
    (shop / "shop.fql").write_text(PROGRAM)
    (shop / "e.jsonl").write_text(EVENT)
    os.mkfifo(shop / "pipe.pem")
    ran = fqlc(*command)
    assert ran.code in {0, 1}, ran.err
    assert "FQL901" not in ran.err
    assert "pipe.pem cannot" not in ran.err + ran.out
