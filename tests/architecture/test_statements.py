"""What docs/architecture.md says about single files and rooms, where no import contract can."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILER, RUNTIME = ROOT / "compiler" / "fqlc", ROOT / "runtime" / "fql"
PRODUCT = sorted(
    path for room in ("compiler", "runtime", "grammar") for path in (ROOT / room).rglob("*.py")
)
IMPURE = frozenset({
    "asyncio", "httpx", "os", "pathlib", "random", "secrets", "socket",
    "sqlite3", "subprocess", "threading", "time", "uuid",
})  # fmt: skip


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at the top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(module: str, files: list[Path] = PRODUCT) -> set[str]:
    """The files that import a module or a part of it, as paths from the repository."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in files
        if any(name == module or name.startswith(f"{module}.") for name in imports(path))
    }


def test_networkx_is_known_to_one_file() -> None:
    assert importers("networkx") == {"compiler/fqlc/checks/flow/graph.py"}


@pytest.mark.parametrize(
    ("library", "room"),
    [
        ("lark", "compiler/fqlc/syntax/"), ("graphviz", "compiler/fqlc/emit/"),
        ("jinja2", "compiler/fqlc/types/"),
        ("httptools", ("runtime/fql/testing/", "runtime/fql/intake/http/")),
        ("prometheus_client", "runtime/fql/observe/"), ("opentelemetry", "runtime/fql/observe/"),
        ("pygments", "grammar/fql_grammar/"),
    ],
)  # fmt: skip
def test_a_library_lives_in_one_room(library: str, room: str | tuple[str, ...]) -> None:
    found = importers(library)
    assert found
    assert {path for path in found if not path.startswith(room)} == set()


def test_rules_do_not_import_each_other() -> None:
    assert importers("fqlc.checks.rules", sorted((COMPILER / "checks/rules").glob("*.py"))) == set()


def test_each_rule_has_a_test_of_its_name() -> None:
    rules = {path.stem for path in (COMPILER / "checks/rules").glob("*.py")} - {"__init__"}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests/checks").glob("test_*.py")}
    assert rules - tests == set()


def test_the_fakes_are_used_by_the_demo_and_by_fqlc_test_alone() -> None:
    outside = {p for p in importers("fql.testing") if not p.startswith("runtime/fql/testing/")}
    assert {
        p for p in outside if "demo" not in p and not p.startswith("compiler/fqlc/cli/")
    } == set()


@pytest.mark.parametrize("room", ["engine/core", "engine/program"])
def test_the_core_reads_no_clock_file_network_or_chance(room: str) -> None:
    found = {
        f"{path.name}: {name}"
        for path in sorted((RUNTIME / room).glob("*.py"))
        for name in imports(path)
        if name.partition(".")[0] in IMPURE
    }
    assert found == set()


def test_a_planted_import_is_seen(tmp_path: Path) -> None:
    """Also one inside a function, and one of a part."""
    planted = tmp_path / "planted.py"
    planted.write_text("def f():\n    from networkx.algorithms import dag\n")
    assert "networkx.algorithms" in set(imports(planted))
