"""`fqlc check`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli_compiler.conftest import Command


def break_it(shop: Path) -> None:
    """A misspelt field."""
    file = shop / "shop.fql"
    file.write_text(file.read_text().replace("when: total", "when: totl"))


def test_nothing_is_wrong(fqlc: Command) -> None:
    done = fqlc("check", "shop.fql")
    assert (done.code, done.out) == (0, "")
    assert "1 file checked" in done.err


def test_errors_are_data_and_end_with_one(fqlc: Command, shop: Path) -> None:
    break_it(shop)
    done = fqlc("check", ".")
    assert done.code == 1
    assert "error[FQL201]" in done.out
    assert "shop.fql:5:9" in done.out
    assert done.err == ""


def test_json_is_one_object_a_line(fqlc: Command, shop: Path) -> None:
    break_it(shop)
    (found,) = map(json.loads, fqlc("check", "--format", "json", "shop.fql").out.splitlines())
    assert (found["code"], found["severity"]) == ("FQL201", "error")
    assert (found["file"], found["line"], found["column"]) == ("shop.fql", 5, 9)
    assert (found["end_line"], found["end_column"]) == (5, 13)
    assert found["fix"]["edits"][0]["text"] == "total"


def test_github_is_chosen_where_it_runs(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it(shop)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert fqlc("check", "shop.fql").out.startswith("::error ")


def test_sarif(fqlc: Command, shop: Path) -> None:
    break_it(shop)
    document = json.loads(fqlc("check", "--format", "sarif", "shop.fql").out)
    assert document["runs"][0]["results"][0]["ruleId"] == "FQL201"


def test_fix_applies_safe_fixes(fqlc: Command, shop: Path) -> None:
    """Another case, a spelling from another language; never a name that is merely similar."""
    file = shop / "shop.fql"
    file.write_text(file.read_text().replace("when: total >", "when: Total >="))
    done = fqlc("check", "--fix", "shop.fql")
    assert done.code == 0
    assert "1 fix applied" in done.err
    assert "when: total >=" in file.read_text()


def test_a_similar_name_is_a_guess(fqlc: Command, shop: Path) -> None:
    break_it(shop)
    before = (shop / "shop.fql").read_text()
    done = fqlc("check", "--fix", "shop.fql")
    assert done.code == 1
    assert "0 fixes applied" in done.err
    assert (shop / "shop.fql").read_text() == before
    assert fqlc("check", "--unsafe-fixes", "shop.fql").code == 0


def test_settings_open_an_address(fqlc: Command, shop: Path) -> None:
    file = shop / "shop.fql"
    file.write_text(file.read_text().replace("https://w.example.com", "http://127.0.0.1:9000"))
    assert fqlc("check", "shop.fql").code == 1
    (shop / "fql.toml").write_text('[egress]\nallow = ["127.0.0.1/32"]\n')
    assert fqlc("check", "shop.fql").code == 0


def test_the_project_names_its_files(fqlc: Command, shop: Path) -> None:
    (shop / "fql.toml").write_text('[project]\nfiles = ["src"]\n')
    (shop / "src").mkdir()
    (shop / "shop.fql").rename(shop / "src" / "shop.fql")
    (shop / "broken.fql").write_text("observer {")
    assert fqlc("check").code == 0


@pytest.mark.parametrize(("name", "code"), [("missing.fql", 3), ("empty_folder", 1)])
def test_files_that_are_not_there(fqlc: Command, shop: Path, name: str, code: int) -> None:
    """Programs that asked for JSON get an object."""
    (shop / "empty_folder").mkdir()
    done = fqlc("check", "--format", "json", name)
    (told,) = map(json.loads, done.out.splitlines())
    assert (told["exit_code"], name in told["error"]) == (code, True)
    done = fqlc("check", name)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert name in done.err


@pytest.mark.parametrize("data", [b"\x00\x01\xff", b"", b"observer {" * 2_000, b"\xff\xfe"])
def test_files_that_are_no_sources(fqlc: Command, shop: Path, data: bytes) -> None:
    """Whatever it is, it gets a diagnostic or nothing, and never a traceback."""
    (shop / "odd.fql").write_bytes(data)
    done = fqlc("check", "odd.fql")
    assert done.code in (0, 1)
    assert "FQL901" not in done.err
    assert "Traceback" not in done.err


def test_colours_are_for_terminals_and_for_those_who_ask(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it(shop)
    plain = fqlc("check", "shop.fql").out
    coloured = fqlc("--color", "always", "check", "shop.fql").out
    assert "\x1b[" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain != coloured
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert fqlc("check", "shop.fql").out == coloured
    assert fqlc("--color", "never", "check", "shop.fql").out == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert fqlc("check", "shop.fql").out == plain


def test_a_plan_is_no_source(fqlc: Command, shop: Path) -> None:
    """Whoever gives one is told so, and not that a brace is in the wrong place."""
    fqlc("compile", "-o", "plan.json", ".")
    done = fqlc("check", "plan.json")
    assert done.code == 1
    assert "plan.json is not a source" in done.err
    assert "fqlc run" in done.err
    assert (shop / "plan.json").exists()


def test_settings_that_are_no_text_are_named(fqlc: Command, shop: Path) -> None:
    (shop / "fql.toml").write_bytes(b"\xff\xfe")
    done = fqlc("check", ".")
    assert (done.code, done.out) == (3, "")
    assert "fql.toml is not UTF-8" in done.err


def test_settings_that_cannot_be_read_say_why(fqlc: Command, shop: Path) -> None:
    (shop / "other.toml").mkdir()
    done = fqlc("check", "--settings", "other.toml", "shop.fql")
    assert done.code == 3
    assert "other.toml cannot be read: Is a directory" in done.err
    assert "Errno" not in done.err


def test_a_folder_may_be_called_like_a_source(fqlc: Command, shop: Path) -> None:
    (shop / "old.fql").mkdir()
    (shop / "old.fql" / "more.fql").write_text("entity Item { id: ID @key }\n")
    done = fqlc("check", "--format", "json", ".")
    assert done.code == 0
    assert [json.loads(line)["file"] for line in done.out.splitlines()] == ["old.fql/more.fql"]


def test_settings_may_begin_with_a_byte_order_mark(fqlc: Command, shop: Path) -> None:
    """As editors of Windows write it; sources may too."""
    (shop / "fql.toml").write_bytes(b'\xef\xbb\xbf[webhooks]\r\ntimeout = "5s"\r\n')
    assert fqlc("check", ".").code == 0
    assert '"value":5000' in fqlc("compile", ".").out
