"""The published schemas are current, and say what the program says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fql.errors import SettingsError
from fql.settings.reading import every_key, read_settings
from tests.docs.schemas import FOLDER, files

ROOT = Path(__file__).parents[2]
TOML = ROOT / "tests/settings/toml"
SCHEMA = FOLDER / "fql-toml-1.json"
SNIPPET = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_schemas_are_current() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert there == files(), "write them: `python -m tests.accept`"


def _judged(paths: list[Path]) -> dict[str, list[str]]:
    """What a program that is not ours says of TOML files: the messages for each that it refuses."""
    command: list[str | Path] = [sys.executable, "-m", "check_jsonschema", "-o", "json"]
    command += ["--schemafile", SCHEMA, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    found: dict[str, list[str]] = {}
    for error in json.loads(done.stdout).get("errors", []):
        found.setdefault(Path(error["filename"]).name, []).append(error["message"])
    return found


def test_settings_that_are_read_are_valid_from_outside(tmp_path: Path) -> None:
    """Examples, snippets of the documentation, and a file with much in it."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    texts = [text for page in pages for text in SNIPPET.findall(page.read_text(encoding="utf-8"))]
    paths = [*(ROOT / "examples").rglob("fql.toml"), *(TOML / "positive").glob("*.toml")]
    for number, text in enumerate(texts):
        try:
            read_settings(text)
        except SettingsError:
            continue  # a snippet of another file
        paths.append(tmp_path / f"{number}.toml")
        paths[-1].write_text(text, encoding="utf-8")
    for path in paths:
        read_settings(path.read_text(encoding="utf-8"))
    assert len(paths) > 15
    assert _judged(paths) == {}


def test_settings_that_are_refused_are_invalid_from_outside() -> None:
    paths = sorted((TOML / "negative").glob("*.toml"))
    for path in paths:
        with pytest.raises(SettingsError):
            read_settings(path.read_text(encoding="utf-8"))
    assert _judged(paths).keys() == {path.name for path in paths}


def test_each_key_is_in_the_schema_with_what_it_means() -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    for key in every_key():
        name = key.rpartition(".")[2]
        assert f'"{name}": {{' in text, key
