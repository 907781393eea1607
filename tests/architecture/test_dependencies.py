"""What the installed package imports is among what it installs."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = {"fql", "fqlc", "fql_grammar"}
BROUGHT = {"pydantic_core", "markupsafe"}
"""Part of what is installed: pydantic and jinja2 cannot be there without them."""
BY_OTHERS = {"pygments", "pytest", "sqlalchemy", "django"}
"""Imported only where somebody who has it asks: the lexer, the plugin, connections of others."""
FOR_CHECKERS = {"_typeshed"}
"""Exists for type checkers only, and is never imported when the program runs."""


def imported(path: Path) -> Iterator[str]:
    """The top-level modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def installed() -> set[str]:
    """The distributions of `[project]` and its extras, as normalised names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = (re.match(r"[A-Za-z0-9_.-]+", text) for group in groups for text in group)
    return {name[0].lower().replace("_", "-") for name in names if name}


def test_every_import_is_installed() -> None:
    """The kit for tests is part of the package, so what it needs is not a matter of our tests."""
    ours, owners = installed(), packages_distributions()
    others = sys.stdlib_module_names | OWN | BROUGHT | BY_OTHERS | FOR_CHECKERS
    missing: dict[str, set[str]] = {}
    for room in ("compiler", "runtime", "grammar"):
        for path in (ROOT / room).rglob("*.py"):
            for name in imported(path):
                if name in others:
                    continue
                of = {owner.lower().replace("_", "-") for owner in owners.get(name, [name])}
                if not of & ours:
                    missing.setdefault(name, set()).add(path.name)
    assert missing == {}
