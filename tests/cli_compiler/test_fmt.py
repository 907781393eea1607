"""`fqlc fmt` from the command line."""

from __future__ import annotations

import subprocess
import sys
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


def test_fmt_formats_the_sound_part_of_a_broken_file(fqlc: Command, shop: Path) -> None:
    file = shop / "shop.fql"
    broken = "observer  o {\n   on: Order.insert\n  when: total >\n}\n"
    file.write_text(f"# kept\nentity   Order{{id:ID @key}}\n\n{broken}\nlet  a=1 # too\n")
    assert fqlc("fmt", ".").code == 0
    text = file.read_text()
    assert broken in text
    assert text.startswith("# kept\nentity Order {")
    assert "let a = 1 # too" in " ".join(text.split())
    assert fqlc("fmt", "--check", ".").code == 0


def test_fmt_takes_standard_input(shop: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fqlc", "fmt", "-"], cwd=shop, check=False,
        input=b"let  a=1", capture_output=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, b"let a = 1\n")
