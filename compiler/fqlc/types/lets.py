"""`let`: constant expressions over literals and other `let`s, computed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fql.plan import expressions as e
from fql.plan.types import Type
from fqlc.diagnostics.model import Diagnostic, Label
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.names.symbols import Symbol
from fqlc.syntax import ast
from fqlc.syntax.walk import walk
from fqlc.types.fold import fold
from fqlc.types.literals import adapted
from fqlc.types.report import poison
from fqlc.types.scope import Context, ExprScope, Visit

MAX_SIZE = 20_000
"""Parts of the value of a `let`, those of the `let`s in it included: a few lines could double a
value again and again."""


_MOST_SHOWN = 10


@dataclass(slots=True)
class _Let:
    """A computed `let` with what was found wrong in it, and how many parts its value has."""

    value: e.Expr
    found: tuple[Diagnostic, ...] = ()
    size: int = 1


def fold_constant(name: str, project: Project, sink: Sink, visit: Visit) -> e.Expr:
    """The value of a `let`; numbers with a point are kept as Decimal. Reports what is wrong in
    it, a ring of `let`s once. The name must be declared."""
    if not isinstance(project.constants.get(name), _Let):
        _compute_all(name, project, visit)
    let = project.constants[name]
    if not isinstance(let, _Let):
        return poison(project.lets[name].span)
    for diagnostic in let.found:
        sink.add(diagnostic)
    return let.value


def value_of(name: str, use: ast.NameUse, ctx: Context, expected: Type | None) -> e.Expr:
    """The value of a `let` where it is used. What is wrong inside is reported at the `let`."""
    ctx.scope.project.uses.mark("let", name, use.span)
    value = fold_constant(name, ctx.scope.project, Sink(), ctx.visit)
    if ctx.scope.constant and expected is None:
        return value
    return adapted(value, expected, use.span, ctx)


def _compute_all(start: str, project: Project, visit: Visit) -> None:
    """Compute a `let` after those that it uses: depth first without recursion."""
    trail = [(start, _uses(start, project))]
    under_way = [start]
    while trail:
        name, uses = trail[-1]
        use = next(uses, None)
        if use is None:
            trail.pop()
            under_way.pop()
            if name not in project.constants:
                project.constants[name] = _compute(project.lets[name], project, visit)
        elif use.text in under_way:
            project.constants.setdefault(name, _ring(under_way, use, project))
        elif use.text not in project.constants:
            trail.append((use.text, _uses(use.text, project)))
            under_way.append(use.text)


def _uses(name: str, project: Project) -> Iterator[ast.NameUse]:
    """The `let`s that a `let` names."""
    declaration = project.lets[name].declaration
    if isinstance(declaration, ast.LetDeclaration):
        for part in walk(declaration.value):
            if isinstance(part, ast.NameUse) and part.text in project.lets:
                yield part


def _compute(symbol: Symbol, project: Project, visit: Visit) -> _Let:
    declaration = symbol.declaration
    if not isinstance(declaration, ast.LetDeclaration):
        return _Let(poison(symbol.span))
    size = _size(declaration.value, project)
    if size > MAX_SIZE:
        return _too_large(symbol, declaration.value)
    sink = Sink()
    scope = ExprScope(project, symbol.path, constant=True)
    value = fold(visit(declaration.value, Context(scope, sink, visit), None))
    return _Let(value, sink.found, 1 if isinstance(value, e.Constant) else size)


def _size(value: ast.Expr, project: Project) -> int:
    """How many parts a value has, with those of the `let`s that it names."""
    size = 0
    for part in walk(value):
        known = project.constants.get(part.text) if isinstance(part, ast.NameUse) else None
        size += known.size if isinstance(known, _Let) else 1
    return size


def _too_large(symbol: Symbol, value: ast.Expr) -> _Let:
    found = Diagnostic(
        "FQL390", f"the value of `{symbol.name}` has more than {MAX_SIZE:,} parts", value.span,
        label="too large", help=("name fewer `let`s in it",),
    )  # fmt: skip
    return _Let(poison(value.span), (found,))


def _ring(under_way: list[str], use: ast.NameUse, project: Project) -> _Let:
    """The `let`s under way from the named one on are defined by each other."""
    ring = under_way[under_way.index(use.text) :]
    path = " -> ".join(f"`{name}`" for name in ring[:_MOST_SHOWN])
    path += (" -> ..." if len(ring) > _MOST_SHOWN else "") + f" -> `{use.text}`"
    labels = tuple(
        Label(project.lets[n].span, f"`{n}` is declared here") for n in ring[:_MOST_SHOWN]
    )
    found = Diagnostic(
        "FQL202", f"a `let` cannot be defined by itself: {path}", use.span,
        label="this use closes the ring", labels=labels,
        help=("give one of them a literal value",),
    )  # fmt: skip
    return _Let(poison(use.span), (found,))
