"""One planted fault: a small change of the product's text, and the test that must find it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """`old` stands once in the file at `path` and becomes `new`; `test` is the file and function
    that fails then. `fault` says in a few words what is wrong."""

    fault: str
    path: str
    old: str
    new: str
    test: str

    @property
    def name(self) -> str:
        """What the tests call it."""
        return f"{Path(self.path).stem}: {self.fault}"

    @property
    def line(self) -> int:
        """Where `old` is now: the number of its first line."""
        return text_of(self.path).partition(self.old)[0].count("\n") + 1

    @property
    def count(self) -> int:
        """How often `old` is in the file."""
        return text_of(self.path).count(self.old)

    def is_found(self) -> bool:
        """Whether there is a test of that name."""
        path, _, function = self.test.partition("::")
        return (ROOT / path).is_file() and function in functions_of(path)


@cache
def text_of(path: str) -> str:
    """A file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def functions_of(path: str) -> frozenset[str]:
    """The functions at the top of a file of tests, and the classes."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(one.name for one in ast.parse(text_of(path)).body if isinstance(one, kinds))
