"""Change one file in every small way, one way at a time, and say which changes no test finds.

    python -m tests.mutants.search runtime/fql/engine/core/retry.py tests/engine/test_retry.py ...

Each change is tried in a child of this process, which has imported what takes long and nothing of
the product. To be used by hand: what survives is killed by a test, or explained in a record.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType

import hypothesis  # noqa: F401
import orjson  # noqa: F401
import pytest

from tests.mutants.mutant import ROOT

SECONDS = 120
PLAIN = ("--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist")
"""Who rewrites assertions would read our modules before `Planted` does, as they bring a plugin."""
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may be in the place of a node, with a few words."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        other = copy.copy(node)
        other.ops = [COMPARED[type(node.ops[0])](), *node.ops[1:]]
        yield "comparison", other
    elif isinstance(node, ast.BoolOp):
        yield (
            "and/or",
            ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values),
        )
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        yield "arithmetic", ast.BinOp(node.left, COMPUTED[type(node.op)](), node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield "constant", ast.Constant(node.value + 1)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "call left out", ast.Pass()
    elif isinstance(node, ast.Assign | ast.AugAssign) and _is_kept(node):
        yield "assignment left out", ast.Pass()


def _is_kept(node: ast.Assign | ast.AugAssign) -> bool:
    """Whether it changes something that is there already: without it, other names still are."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(one, ast.Attribute | ast.Subscript) for one in targets)


def mutated(source: str) -> Iterator[tuple[int, str, ast.Module]]:
    """The line, what is changed, and the whole file with that change."""
    tree = ast.parse(source)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            items = value if isinstance(value, list) else [value]
            for at, node in enumerate(items):
                for words, other in changes(node) if isinstance(node, ast.AST) else ():
                    ast.copy_location(other, node)
                    _put(parent, name, at, value, other)
                    yield getattr(node, "lineno", 0), words, ast.fix_missing_locations(tree)
                    _put(parent, name, at, value, node)


def _put(parent: ast.AST, name: str, at: int, value: object, node: ast.AST) -> None:
    if isinstance(value, list):
        value[at] = node
    else:
        setattr(parent, name, node)


class Planted(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Gives the changed file where its module is imported."""

    def __init__(self, path: Path, code: CodeType) -> None:
        parts = path.relative_to(ROOT).with_suffix("").parts[1:]
        self.name, self.path, self.code = ".".join(parts), path, code

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_loader(name, self, origin=str(self.path))

    def get_source(self, fullname: str) -> str:
        return self.path.read_text(encoding="utf-8")

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self.path)
        exec(self.code, module.__dict__)


def survives(path: Path, tree: ast.Module, tests: Sequence[str]) -> bool:
    """Whether all tests pass with this file."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    signal.alarm(SECONDS)
    os.setpgrp()
    with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):  # noqa: PTH123
        sys.meta_path.insert(0, Planted(path, compile(tree, str(path), "exec")))
        code = pytest.main(["-q", "-x", "--tb=no", *PLAIN, *tests])
    os._exit(int(code))


def main(path: str, *tests: str) -> None:
    """Try every change, and print what survives."""
    place, total = (ROOT / path).resolve(), 0
    lines = place.read_text(encoding="utf-8").splitlines()
    for number, words, tree in mutated("\n".join(lines)):
        total += 1
        if survives(place, tree, tests):
            print(f"{path}:{number}: {words}: {lines[number - 1].strip()}", flush=True)
    print(f"{path}: {total} changes", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
