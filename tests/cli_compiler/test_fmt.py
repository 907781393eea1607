"""`fqlc fmt` from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli_compiler.conftest import Command


def test_fmt_checks_shows_and_writes(fqlc: Command, shop: Path) -> None:
    file = shop / "shop.fql"
    file.write_text("entity   Order{id:ID @key}\n")
    assert fqlc("fmt", "--check", ".").code == 1
    diff = fqlc("fmt", "--diff", ".")
    assert (diff.code, diff.out.splitlines()[0]) == (1, "--- shop.fql")
    assert file.read_text() == "entity   Order{id:ID @key}\n"
    assert fqlc("fmt", ".").code == 0
    assert "entity Order {" in file.read_text()
    assert fqlc("fmt", "--check", ".").code == 0
