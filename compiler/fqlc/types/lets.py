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


@dataclass(slots=True)
class _Let:
    """A computed `let` with what was found wrong in it."""

    value: e.Expr
    found: tuple[Diagnostic, ...] = ()


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
    ctx.scope.project.uses.mark("let", name)
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
    sink = Sink()
    scope = ExprScope(project, symbol.path, constant=True)
    value = visit(declaration.value, Context(scope, sink, visit), None)
    return _Let(fold(value), sink.found)


def _ring(under_way: list[str], use: ast.NameUse, project: Project) -> _Let:
    """The `let`s under way from the named one on are defined by each other."""
    ring = under_way[under_way.index(use.text) :]
    path = " -> ".join(f"`{name}`" for name in [*ring, use.text])
    labels = tuple(Label(project.lets[n].span, f"`{n}` is declared here") for n in ring)
    found = Diagnostic(
        "FQL202", f"a `let` cannot be defined by itself: {path}", use.span,
        label="this use closes the ring", labels=labels,
        help=("give one of them a literal value",),
    )  # fmt: skip
    return _Let(poison(use.span), (found,))
