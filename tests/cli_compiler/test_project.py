"""Which files are sources, and that a plan is the same from Python and from anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import fqlc as compiler
from fql.errors import FqlError
from fql.plan.stored.codec import read_plan
from fqlc.diagnostics.compilation import NotCompiled
from tests.cli_compiler.conftest import SHOP, Command

SETTINGS = """\
[webhooks.retry]
max_attempts = 7
[webhooks.signing]
secret = "${S}"
[egress]
allow = ["127.0.0.1/32"]
"""
OTHER = SHOP.replace("Order", "Sale").replace("order_created", "sale")


def plan(fqlc: Command, *paths: str) -> str:
    done = fqlc("compile", *paths)
    assert done.code == 0, done.err
    return done.out


@pytest.mark.parametrize("settings", [None, SETTINGS])
def test_a_plan_does_not_depend_on_where_it_is_compiled(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch, settings: str | None
) -> None:
    """The same bytes from the project's folder, from above, from below and by a whole path."""
    project = shop / "project"
    (project / "rules" / "deep").mkdir(parents=True)
    (project / "shop.fql").write_text(SHOP)
    (project / "rules" / "sale.fql").write_text(OTHER)
    if settings:
        (project / "fql.toml").write_text(settings)
    from_above = plan(fqlc, "project")
    assert plan(fqlc, str(project)) == from_above
    monkeypatch.chdir(project)
    assert plan(fqlc, ".") == from_above
    assert plan(fqlc, "rules", "shop.fql") == from_above
    monkeypatch.chdir(project / "rules" / "deep")
    assert plan(fqlc, "../sale.fql", "../../shop.fql") == from_above
    files = {source.path for source in read_plan(from_above.encode()).sources}
    assert files == {"shop.fql", "rules/sale.fql"}
    assert str(shop) not in from_above


def test_python_gives_the_plan_of_the_command(fqlc: Command, shop: Path) -> None:
    """Settings are found, given, or left out."""
    (shop / "fql.toml").write_text(SETTINGS)
    found = compiler.compile_paths(["shop.fql"]).plan_or_raise()
    assert found.decode() == plan(fqlc, "shop.fql").rstrip("\n")
    assert compiler.compile_paths([shop]).plan == found
    assert b"signing.secret" in found
    bare = compiler.compile_paths(["shop.fql"], settings=None).plan_or_raise()
    assert b"signing.secret" not in bare
    (shop / "other.toml").write_text('[webhooks]\ntimeout = "9s"\n')
    other = compiler.compile_paths(["shop.fql"], settings="other.toml").plan_or_raise()
    assert b"9000" in other
    text = compiler.compile_text(SHOP, settings="other.toml").plan_or_raise()
    assert read_plan(text).observers[0].nodes[0].policies["timeout"].value == 9000
    assert compiler.check_paths(["shop.fql"]) == ()


def test_python_says_what_is_wrong(shop: Path) -> None:
    (shop / "bad.fql").write_text("entity A { id: Nope }\n")
    with pytest.raises(NotCompiled, match="Nope") as raised:
        compiler.compile_paths(["bad.fql"]).plan_or_raise()
    assert raised.value.diagnostics[0].code in str(raised.value)
    with pytest.raises(FqlError, match=r"nowhere\.fql does not exist"):
        compiler.compile_paths(["nowhere.fql"])
    (shop / "fql.toml").write_text("[nope]\n")
    with pytest.raises(FqlError, match="nope"):
        compiler.check_paths(["shop.fql"])


@pytest.mark.parametrize(
    "folder", ["venv", "node_modules", "sub", "a/.hidden", "lib/site-packages"]
)
def test_folders_of_others_are_not_read(fqlc: Command, shop: Path, folder: str) -> None:
    """An environment of whatever name, packages, and a project of its own."""
    before = plan(fqlc, ".")
    place = shop / folder / "deep"
    place.mkdir(parents=True)
    (place / "x.fql").write_text("nothing that could be read {")
    marks = {"venv": "pyvenv.cfg", "sub": "fql.toml"}
    if folder in marks:
        (shop / folder / marks[folder]).write_text("")
    assert plan(fqlc, ".") == before
    assert fqlc("fmt", "--check", ".").code in (0, 1)
    assert "x.fql" not in fqlc("check", ".").out


def test_a_folder_of_projects_is_none(fqlc: Command, shop: Path) -> None:
    inner = shop / "many" / "one"
    inner.mkdir(parents=True)
    (inner / "shop.fql").write_text(SHOP)
    (inner / "fql.toml").write_text("")
    done = fqlc("check", "many")
    assert done.code == 1
    assert "folders with their own fql.toml are separate projects" in done.err
    assert fqlc("check", "many/one").code == 0


@pytest.mark.parametrize("pattern", ["old", "old/", "old/*.fql", "*/broken.fql"])
def test_exclude_leaves_files_out_of_folders(fqlc: Command, shop: Path, pattern: str) -> None:
    (shop / "old").mkdir()
    (shop / "old" / "broken.fql").write_text("entity {")
    assert fqlc("check").code == 1
    (shop / "fql.toml").write_text(f"[project]\nexclude = ['{pattern}']\n")
    assert fqlc("check").code == 0
    assert fqlc("check", "old/broken.fql").code == 1
    (shop / "fql.toml").write_text("[project]\nexclude = ['../up']\n")
    assert fqlc("check").code == 3


def test_a_link_to_a_source_is_that_source(fqlc: Command, shop: Path) -> None:
    before = plan(fqlc, ".")
    (shop / "zz.fql").symlink_to("shop.fql")
    os.link(shop / "shop.fql", shop / "shop.txt")
    assert plan(fqlc, ".") == before
    assert fqlc("check", "shop.fql", "zz.fql").code == 0


def test_no_template_of_the_package_is_a_source() -> None:
    """Whoever checks a folder that holds the installed package finds nothing of ours in it."""
    import fql

    (package,) = fql.__path__
    assert list(Path(package).rglob("*.fql")) == []
