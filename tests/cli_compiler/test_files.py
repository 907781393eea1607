"""Which sources the arguments of a command mean, and under what names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fqlc.project.files import label
from tests.cli_compiler.conftest import SHOP, Command


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("shop.fql", "shop.fql"),
        ("./a/../shop.fql", "shop.fql"),
        ("../{here}/shop.fql", "shop.fql"),
        ("../other.fql", "../other.fql"),
        ("{whole}/shop.fql", "shop.fql"),
        ("{whole}/../{here}/./shop.fql", "shop.fql"),
        ("{whole}/../other.fql", "{above}/other.fql"),
    ],
)
def test_a_file_has_one_name_however_it_is_spelt(shop: Path, given: str, shown: str) -> None:
    places = {"here": shop.name, "whole": shop, "above": shop.parent}
    assert label(Path(given.format(**places))) == shown.format(**places)


def test_a_file_given_twice_is_read_once(fqlc: Command, shop: Path) -> None:
    once = fqlc("compile", "shop.fql")
    assert once.code == 0
    assert fqlc("compile", f"../{shop.name}/shop.fql", "./shop.fql", str(shop)) == once


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize("command", ["check", "compile", "fmt"])
def test_a_name_that_no_text_can_hold(fqlc: Command, shop: Path, command: str) -> None:
    """A plan names its sources, so they need names that can be written."""
    Path(os.fsdecode(b"caf\xe9.fql")).write_text(SHOP)
    ran = fqlc(command, ".")
    assert ran.code == 1
    assert "the name of caf\ufffd.fql is not UTF-8" in ran.err
    assert shop.is_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
@pytest.mark.parametrize("command", ["check", "compile"])
def test_a_working_folder_that_is_gone(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    gone = shop / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    ran = fqlc(command, str(shop / "shop.fql"))
    assert ran.code == 3
    assert ran.err.startswith("error: the working folder does not exist any more\n  help: ")
    monkeypatch.chdir(shop)
