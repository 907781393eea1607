"""Records of many fields are made by keyword: what a value means is read where it is given.

Where a record is made for every event it stays positional: by keyword, a `RunRow` of 13 fields
takes 1.7 times as long to make, a `Scope` up to four times (`timeit`, Python 3.11).
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted(
    p for room in ("runtime", "compiler", "grammar") for p in (ROOT / room).rglob("*.py")
)
MOST = 6
"""Values of a record that may be given by place."""
HOT = (
    "runtime/fql/engine/core/",
    "runtime/fql/engine/loop/senders.py",
    "runtime/fql/engine/loop/herald.py",
    "runtime/fql/events/intake.py",
    "runtime/fql/store/works.py",
)
"""Where records are made for each event."""


def test_records_of_many_fields_are_made_by_keyword() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    by_place = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and len(node.args) > MOST and _name(node.func) in classes
    ]
    assert [place for place in by_place if not place.startswith(HOT)] == []


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
