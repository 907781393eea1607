"""Tests that other pages and tables name as proof: `file.py::test_name`, from the tests' folder."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]


def exists(test: str) -> bool:
    """Whether there is such a test."""
    file, _, name = test.partition("::")
    return name.startswith("test_") and name in _functions(TESTS / file)


@cache
def _functions(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))
