"""Both command line rooms write through `fql.terminal`, and through nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("runtime/fql/cli", "compiler/fqlc/cli")
OWN = ("echo", "secho", "isatty", "get_terminal_size", "print")
"""Names whose only home is the room `terminal`: writing, and deciding about colour and width."""


def modules() -> list[Path]:
    """The modules of both rooms; what `fqlc init` writes for users is no module of ours."""
    found = [p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py"))]
    return [p for p in found if "project_files" not in p.parts]


def calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The last name of each call, and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func
            if isinstance(name, ast.Attribute):
                yield name.attr, node.lineno
            elif isinstance(name, ast.Name):
                yield name.id, node.lineno


@pytest.mark.parametrize("module", modules(), ids=lambda p: f"{p.parts[-3]}-{p.name}")
def test_a_command_writes_through_the_terminal_room(module: Path) -> None:
    tree = ast.parse(module.read_text("utf-8"))
    found = [(n, line) for n, line in calls(tree) if n in OWN]
    assert not found
    written = [
        n.lineno for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and n.attr == "write"
        and isinstance(n.value, ast.Attribute) and n.value.attr in {"stdout", "stderr", "buffer"}
    ]  # fmt: skip
    assert not written


def test_one_place_reads_the_variables_of_colour() -> None:
    names = ("NO_COLOR", "FORCE_COLOR", '"TERM"')
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("runtime", "compiler")
        for path in (ROOT / folder).rglob("*.py")
        if any(f'environ.get("{name.strip(chr(34))}"' in path.read_text("utf-8") for name in names)
    }
    assert found == {"runtime/fql/terminal/lines.py"}
