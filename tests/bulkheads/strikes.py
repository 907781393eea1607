"""Exceptions at any call: finds every call in modules of the product and can raise at each.

Each function of these modules gets another code object, in which every call `f(x)` reads
`strike(site, f)(x)`. Nothing is imported anew, so classes stay the same, and afterwards each
function has its own code again.
"""

from __future__ import annotations

import ast
import builtins
import gc
import importlib
import pkgutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

NAME = "__strike__"


@dataclass(frozen=True, order=True)
class Site:
    """One call in a source text."""

    module: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}:{self.column} {self.text}"


class _Rewriter(ast.NodeTransformer):
    """Leads calls within functions through `strike`; those of a module's own body have been."""

    def __init__(self, module: str, source: str, sites: list[Site]) -> None:
        self._module, self._source, self._sites = module, source, sites
        self._depth = 0

    def _function(self, node: ast.AST) -> ast.AST:
        self._depth += 1
        body = getattr(node, "body", [])
        if isinstance(body, list):
            node.body = [self.visit(inner) for inner in body]  # type: ignore[attr-defined]
        else:
            node.body = self.visit(body)  # type: ignore[attr-defined]
        self._depth -= 1
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function  # noqa: N815

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not self._depth:
            return node
        text = (ast.get_source_segment(self._source, node) or "").split("\n")[0][:60]
        self._sites.append(Site(self._module, node.lineno, node.col_offset, text))
        number = ast.Constant(len(self._sites) - 1)
        through = ast.Call(ast.Name(NAME, ast.Load()), [number, node.func], [])
        node.func = ast.copy_location(through, node.func)
        return ast.fix_missing_locations(node)


@dataclass(frozen=True)
class Strike:
    """What to raise at which visit of a site."""

    site: int
    visit: int
    kind: type[Exception]


@dataclass
class Strikes:
    """Counts visits of sites while `watching`, and raises once at each that is armed."""

    sites: list[Site] = field(default_factory=list)
    visits: Counter[int] = field(default_factory=Counter)
    watching: bool = False
    armed: dict[int, Strike] = field(default_factory=dict)
    haunted: Strike | None = None
    victim: Callable[[object], bool] = bool

    def arm(self, strikes: Iterable[Strike] = ()) -> None:
        """Raise these, each once; what is `armed` afterwards was not met."""
        self.armed = {one.site: one for one in strikes}
        self.haunted = None
        self.visits.clear()

    def haunt(self, strike: Strike, victim: Callable[[object], bool]) -> None:
        """Raise at each visit of a site that has to do with the victim: some local variable
        there is one."""
        self.arm()
        self.haunted, self.victim = strike, victim

    def _is_haunted(self, site: int) -> bool:
        if self.haunted is None or self.haunted.site != site:
            return False
        return any(map(self.victim, sys._getframe(2).f_locals.values()))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The test itself calls, not the engine."""
        before, self.watching = self.watching, False
        try:
            yield
        finally:
            self.watching = before

    def strike(self, site: int, function: Callable[..., Any]) -> Callable[..., Any]:
        """What each call goes through."""
        if self.watching:
            self.visits[site] += 1
            one = self.armed.get(site)
            if one is not None and one.visit == self.visits[site]:
                del self.armed[site]
                raise one.kind("struck by the test")
            if self.haunted is not None and self._is_haunted(site):
                raise self.haunted.kind("haunted by the test")
        return function


def modules_of(*packages: str) -> list[ModuleType]:
    """All modules of these packages that are written in Python."""
    found = []
    for package in packages:
        top = importlib.import_module(package)
        found.append(top)
        for info in pkgutil.walk_packages(getattr(top, "__path__", []), package + "."):
            found.append(importlib.import_module(info.name))
    return found


@contextmanager
def instrumented(*packages: str) -> Iterator[Strikes]:
    """The strikes of all calls in these packages."""
    strikes, codes = Strikes(), {}
    for module in modules_of(*packages):
        codes.update(_new_codes(module, strikes.sites))
    changed: list[tuple[FunctionType, CodeType]] = []
    gc.unfreeze()  # an earlier test may have compiled, which hides what was there from `gc`
    for function in [one for one in gc.get_objects() if type(one) is FunctionType]:
        code = function.__code__
        new = codes.get((code.co_filename, code.co_qualname, code.co_firstlineno))
        if new is not None and new.co_freevars == code.co_freevars:
            changed.append((function, code))
            function.__code__ = new
    setattr(builtins, NAME, strikes.strike)
    try:
        yield strikes
    finally:
        for function, code in changed:
            function.__code__ = code


Key = tuple[str, str, int]


def _new_codes(module: ModuleType, sites: list[Site]) -> dict[Key, CodeType]:
    path = str(module.__file__)
    source = Path(path).read_text(encoding="utf-8")
    tree = _Rewriter(module.__name__, source, sites).visit(ast.parse(source))
    return {
        (path, code.co_qualname, code.co_firstlineno): code
        for code in _within(compile(tree, path, "exec", dont_inherit=True))
    }


def _within(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _within(constant)
