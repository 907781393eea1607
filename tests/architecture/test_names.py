"""Private names can be searched for: a name of one word does not stand for a dozen things."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST = 10
"""So often may a private name be given to functions of different modules. Those of one dispatch
(`@show.register`) do not count: they are found by the kind of value that they are for."""
SAYS_NOTHING = frozenset({"_text", "_write", "_handle", "_process", "_helper"})


def given(source: str) -> Iterator[str]:
    """The private names of functions in a module, each once."""
    found = {
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("_")
        and not node.name.endswith("__")
        and not any(_registers(decorator) for decorator in node.decorator_list)
    }
    yield from found


def _registers(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr == "register"


def counted() -> Counter[str]:
    return Counter(
        name
        for room in ("compiler", "runtime", "grammar")
        for path in (ROOT / room).rglob("*.py")
        for name in given(path.read_text(encoding="utf-8"))
    )


def test_a_private_name_can_be_searched_for() -> None:
    found = counted()
    assert {name: count for name, count in found.items() if count > MOST} == {}
    assert SAYS_NOTHING & found.keys() == set()
