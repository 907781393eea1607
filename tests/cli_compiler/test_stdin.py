"""`-`: one text from standard input in the place of a file of its project."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli_compiler.conftest import SHOP, Command, Ran

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((ROOT / "examples").rglob("*.fql"))

Given = Callable[..., Ran]


@pytest.fixture
def given(fqlc: Command, monkeypatch: pytest.MonkeyPatch) -> Given:
    """Run a command line with this text on standard input."""

    def command(text: bytes, *arguments: str) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        return fqlc(*arguments)

    return command


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_check_of_a_text_is_check_of_its_file(
    given: Given, fqlc: Command, monkeypatch: pytest.MonkeyPatch, program: Path
) -> None:
    monkeypatch.chdir(program.parent)
    text = given(program.read_bytes(), "check", "-", "--stdin-filename", program.name)
    assert text == fqlc("check", program.name)


def test_it_stands_in_for_a_file_that_differs_or_is_not_there(given: Given, shop: Path) -> None:
    (shop / "sub").mkdir()
    (shop / "sub" / "limits.fql").write_text("let limit = 5\n")
    text = b'import "limits.fql"\n' + SHOP.replace("> 100", "> limit").encode()
    assert given(text, "check", "-", "--stdin-filename", "sub/new.fql").code == 0
    assert given(text, "check", "-").code == 1, "by default it is stdin.fql, here"
    assert b"total > limit" not in (shop / "shop.fql").read_bytes()


def test_fixes_go_to_standard_output(given: Given, shop: Path) -> None:
    slip = SHOP.replace("total > 100", "Total > 100")
    (shop / "shop.fql").write_text(slip)
    done = given(slip.encode(), "check", "--fix", "-", "--stdin-filename", "shop.fql")
    assert (done.code, done.out) == (0, SHOP)
    assert "1 fix applied" in done.err
    assert (shop / "shop.fql").read_text() == slip


def test_other_commands_take_it_too(given: Given, shop: Path) -> None:
    text = SHOP.replace("order_created", "from_stdin").encode()
    here = ("-", "--stdin-filename", "shop.fql")
    assert json.loads(given(text, "compile", *here).out)["observers"][0]["name"] == "from_stdin"
    assert given(text, "list", *here).out.startswith("from_stdin")
    assert "from_stdin" in given(text, "graph", *here).out
    assert "from_stdin.warehouse" in given(text, "explain", *here).out
    assert given(b"let   a=1\n", "fmt", "-").out == "let a = 1\n"
    checked = given(b"let   a=1\n", "fmt", "--check", "-", "--stdin-filename", "x.fql")
    assert (checked.code, checked.out) == (1, "x.fql\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "-", "shop.fql"),
        ("check", "--stdin-filename", "a.fql", "shop.fql"),
        ("check", "-", "--stdin-filename", "a.txt"),
        ("check", "--watch", "-"),
        ("explain", "-", "--event", "-"),
    ],
)
def test_what_makes_no_sense_with_it_is_wrong_usage(
    given: Given, arguments: tuple[str, ...]
) -> None:
    done = given(SHOP.encode(), *arguments)
    assert (done.code, done.out) == (2, "")
