"""One room reads and writes JSON."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("runtime", "compiler", "grammar")
ALLOWED = ROOT / "runtime" / "fql" / "exact"
READERS = frozenset({"json", "orjson", "simplejson", "ujson", "msgspec", "rapidjson"})
BESIDES = frozenset(
    {"model_dump_json", "model_validate_json", "validate_json", "dump_json", "from_json"}
)
"""Other doors to JSON: those of pydantic."""


ALONE = "compiler/fqlc/importing/modules/dumper.py"
"""Runs in other Pythons, where there is no `fql`."""


def modules(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, in whatever way."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            yield from (ast.unparse(given).strip("'") for given in node.args)


def faults(text: str) -> list[str]:
    """What a file of the product does with JSON by itself."""
    tree = ast.parse(text)
    found = [name for name in modules(tree) if name.partition(".")[0] in READERS]
    names = [n.attr if isinstance(n, ast.Attribute) else n.id for n in ast.walk(tree)
             if isinstance(n, ast.Attribute | ast.Name)]  # fmt: skip
    return sorted({*found, *BESIDES.intersection(names)})


@pytest.mark.parametrize("part", PRODUCT)
def test_nobody_else_reads_or_writes_json(part: str) -> None:
    """Whatever is stored, sent, shown or read goes through `fql.exact`."""
    files = [path for path in (ROOT / part).rglob("*.py") if ALLOWED not in path.parents]
    files = [path for path in files if path.as_posix().removeprefix(f"{ROOT.as_posix()}/") != ALONE]
    assert files
    found = {
        str(path.relative_to(ROOT)): faults(path.read_text(encoding="utf-8")) for path in files
    }
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import json", "from json import loads", "import orjson as o", "import json.decoder",
        "def f():\n    from orjson import dumps", "importlib.import_module('json')",
        "__import__('orjson')", "model.model_dump_json()",
        "TypeAdapter(int).validate_json(text)",
    ],
)  # fmt: skip
def test_every_way_in_is_seen(text: str) -> None:
    assert faults(text)
