"""What docs/architecture.md says about single files and rooms, where no import contract can."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
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


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that a file imports, at the top or inside a function."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
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
        ("jinja2", ("compiler/fqlc/types/", "runtime/fql/ui/pages.py")),
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
    rules = sorted((COMPILER / "checks/rules").rglob("*.py"))
    assert importers("fqlc.checks.rules", rules) == set()


def test_each_rule_has_a_test_of_its_name() -> None:
    rules = {path.stem for path in (COMPILER / "checks/rules").rglob("*.py")} - {"__init__"}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests/checks").rglob("test_*.py")}
    assert rules - tests == set()


def test_the_fakes_are_used_by_the_demo_and_by_fqlc_test_alone() -> None:
    outside = {p for p in importers("fql.testing") if not p.startswith("runtime/fql/testing/")}
    assert {
        p for p in outside if "demo" not in p and not p.startswith("compiler/fqlc/cli/")
    } == set()


@pytest.mark.parametrize("room", ["engine/core", "engine/core/held", "engine/program"])
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


SHARED = {"collector", "errors", "exact", "near", "plan", "version"}
"""What both halves know of the runtime, whatever they do."""
SHARED_BESIDES = {
    "project": {"settings"}, "diagnostics": {"terminal"}, "importing": {"outbox", "settings"},
    "lsp": {"settings", "terminal"},
}  # fmt: skip
"""`fql.toml` means something for a compile, findings are painted for a terminal, tables are
read through the facts of `fql.outbox`, and an editor sees what is wrong with the settings."""


def test_the_halves_share_the_plan_and_what_is_below_it() -> None:
    """Only commands of the compiler use more: they play tests and explain what would be sent."""
    for path in sorted(COMPILER.rglob("*.py")):
        room = path.relative_to(COMPILER).parts[0]
        used = {name.split(".")[1] for name in imports(path) if name.startswith("fql.")}
        assert room == "cli" or used <= SHARED | SHARED_BESIDES.get(room, set()), path


def test_the_plan_is_data() -> None:
    """It imports pydantic and what has no room of its own, and nothing that acts."""
    for path in sorted((RUNTIME / "plan").rglob("*.py")):
        names = {name for name in imports(path) if name and name != "__future__"}
        ours = {name.split(".")[1] for name in names if name.startswith("fql.")}
        others = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"fql"}
        assert ours <= {"plan", *SHARED}, path
        assert others <= {"pydantic", "pydantic_core", "re2"}, path


def test_only_the_pool_of_a_compile_in_parts_is_impure() -> None:
    rooms = ("checks", "diagnostics", "incremental", "lower", "names", "syntax", "types")
    files = [path for room in rooms for path in sorted((COMPILER / room).rglob("*.py"))]
    found = {
        path.relative_to(COMPILER).as_posix()
        for path in files
        for name in imports(path)
        if name.partition(".")[0] in (IMPURE | {"multiprocessing", "signal"}) - {"uuid"}
    }
    assert found == {"incremental/pool.py"}


@pytest.mark.parametrize(
    ("module", "rooms"),
    [
        ("ssl", ("fql/egress/", "fql/testing/")),
        ("httpx", ()),
        ("http.client", ("fql/cli/asking.py",)),  # of our own processes
        ("urllib.request", ()),
        ("requests", ()),
        ("aiohttp", ()),
    ],
)
def test_every_request_leaves_through_egress(module: str, rooms: tuple[str, ...]) -> None:
    found = {path.partition("/")[2] for path in importers(module)}
    assert {path for path in found if not path.startswith(rooms or ("-",))} == set()


def test_the_grammar_imports_nothing_but_itself() -> None:
    for path in sorted((ROOT / "grammar").rglob("*.py")):
        others = {name.partition(".")[0] for name in imports(path)} - sys.stdlib_module_names
        allowed = {"fql_grammar"} | ({"pygments"} if path.stem == "pygments_lexer" else set())
        assert others <= allowed, path
