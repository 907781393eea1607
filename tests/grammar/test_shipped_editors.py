"""What is shipped for editors: made from the token table, whole, and naming no index.

Node's tools package the extension and test its colours in `make oracles`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fqlc
from fql.published.schemas import schema_text
from fql_grammar.plain_editors import emacs_mode, vim_syntax

EDITORS = Path(__file__).parents[2] / "grammar" / "editors"
VSCODE = EDITORS / "vscode"
PACKAGE: dict[str, Any] = json.loads((VSCODE / "package.json").read_text("utf-8"))


def test_files_of_vim_and_emacs_are_printed_from_the_table() -> None:
    assert (EDITORS / "vim/syntax/fql.vim").read_text("utf-8") == vim_syntax()
    assert (EDITORS / "emacs/fql-mode.el").read_text("utf-8") == emacs_mode()


def test_the_extension_names_files_that_are_there_or_are_made() -> None:
    made = {"dist/extension.js", "fql.tmLanguage.json", "LICENSE"}
    named = re.findall(r'"\./([^"]+)"', (VSCODE / "package.json").read_text("utf-8"))
    shipped = {
        line[1:] for line in (VSCODE / ".vscodeignore").read_text("utf-8").split() if line[0] == "!"
    }
    assert {"language-configuration.json", "snippets.json", *made} <= {*named, "LICENSE"} <= shipped
    assert all(name in made or (VSCODE / name).is_file() for name in shipped)
    assert not any(name.startswith("src") for name in shipped)
    assert "fql-toml.schema.json" in shipped


def test_the_schema_of_settings_is_that_of_the_command() -> None:
    assert (VSCODE / "fql-toml.schema.json").read_text("utf-8") == schema_text("fql-toml/1")


def test_versions_are_exact_and_no_index_is_named() -> None:
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", v) for v in PACKAGE["devDependencies"].values())
    assert not list(VSCODE.glob("*lock*"))
    for file in (VSCODE / "package.json", VSCODE / "src/extension.js"):
        assert "registry" not in file.read_text("utf-8")


def test_the_bundle_is_of_one_small_file() -> None:
    lines = (VSCODE / "src/extension.js").read_text("utf-8").splitlines()
    assert len(lines) < 65


def test_settings_of_the_extension_are_those_of_the_server() -> None:
    from fqlc.services.answers import HintKind

    settings = PACKAGE["contributes"]["configuration"]["properties"]
    assert set(settings) == {"fql.path", "fql.hints"}
    assert set(settings["fql.hints"]["properties"]) == {kind.value for kind in HintKind}


@pytest.mark.parametrize("name", ["entity", "observer", "endpoint", "retry"])
def test_a_snippet_is_a_program(name: str) -> None:
    snippets = json.loads((VSCODE / "snippets.json").read_text("utf-8"))
    body = "\n".join(snippets[name]["body"])
    text = re.sub(r"\$\{\d+\|(\w+)[^}]*\}|\$\{\d+:([^}]*)\}|\$\d", r"\1\2", body)
    around = "" if name == "entity" else 'entity Order from "orders" { id: ID @key }\n'
    found = fqlc.compile_text(around + text)
    assert [d for d in found.diagnostics if d.severity == "error"] == [], text


def test_the_problem_matcher_reads_what_fqlc_prints(tmp_path: Path) -> None:
    (tmp_path / "a.fql").write_text("entity A { id: Nothing @key }\n", "utf-8")
    command = [sys.executable, "-m", "fqlc", "check", "a.fql"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    first, second = PACKAGE["contributes"]["problemMatchers"][0]["pattern"]
    lines = done.stdout.splitlines()
    assert re.match(first["regexp"], lines[0]), lines
    place = re.match(second["regexp"], lines[1])
    assert place is not None and place.groups() == ("a.fql", "1", "8")
