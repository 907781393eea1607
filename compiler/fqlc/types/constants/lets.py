"""`let`: constant expressions over literals and other `let`s, computed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fql.plan.language import expressions as e
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Diagnostic, Label
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import MOST_EXPANDED, Project
from fqlc.names.symbols import Symbol
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children, walk
from fqlc.types.constants.fold import fold
from fqlc.types.constants.literals import adapted
from fqlc.types.report import poison
from fqlc.types.scope import Context, ExprScope, Visit

MAX_SIZE = 20_000
"""Parts of the value of a `let`, those of the `let`s in it included: a few lines could double a
value again and again."""


_CHARACTERS = 64
"""Characters of a text that count as a part."""

MAX_DEPTH = 100
"""How deep the value of a `let` nests, with the values of the `let`s in it: as deep as one
expression may. Deeper ones exhaust the stack of those who walk them."""

TOO_DEEP = -1

_MOST_SHOWN = 10


@dataclass(slots=True)
class _Let:
    """A computed `let` with what was found wrong in it, how many parts its value has, and how
    deep it nests: `TOO_DEEP` when that was reported, of it or of a `let` in it."""

    value: e.Expr
    found: tuple[Diagnostic, ...] = ()
    size: int = 1
    depth: int = 1


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
    project = ctx.scope.project
    value = fold_constant(name, project, Sink(ctx.sink.comparisons), ctx.visit)
    if ctx.scope.constant and expected is None:
        return value
    if not ctx.scope.constant and not _affordable(name, use, ctx):
        return poison(use.span)
    return adapted(value, expected, use.span, ctx)


def _affordable(name: str, use: ast.NameUse, ctx: Context) -> bool:
    """False where the uses of `let`s have made the plan too large; said at the first of them."""
    project = ctx.scope.project
    let = project.constants.get(name)
    size = let.size if isinstance(let, _Let) else 1
    had_some = project.expansions.take(0)
    if project.expansions.take(size):
        return True
    if had_some:
        ctx.sink.error(
            "FQL390", f"the `let`s expand to more than {MOST_EXPANDED:,} parts", use.span,
            label=f"one of them: `{name}` has {size:,}",
            help=("a plan holds the value at each use: use a large one in one place only",),
        )  # fmt: skip
    return False


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
    size, depth = _size(declaration.value, project), _depth(declaration.value, project)
    if depth == TOO_DEEP:
        return _unread(symbol, project)
    if size > MAX_SIZE:
        return _unread(symbol, project, f"has more than {MAX_SIZE:,} parts")
    if depth > MAX_DEPTH:
        return _unread(symbol, project, f"nests more than {MAX_DEPTH} deep")
    sink = Sink(project.comparisons)
    scope = ExprScope(project, symbol.path, constant=True)
    value = fold(visit(declaration.value, Context(scope, sink, visit), None))
    return _Let(value, sink.found, size, 1 if isinstance(value, e.Constant) else depth)


def _size(value: ast.Expr, project: Project) -> int:
    """How many parts a value has, with those of the `let`s that it names."""
    size = 0
    for part in walk(value):
        known = project.constants.get(part.text) if isinstance(part, ast.NameUse) else None
        size += known.size if isinstance(known, _Let) else 1
        if isinstance(part, ast.StringLiteral):
            size += len(part.value) // _CHARACTERS
    return size


def _depth(value: ast.Expr, project: Project) -> int:
    """How deep a value nests, with the `let`s that it names; TOO_DEEP when one of those is."""
    deepest, depth = 0, 0
    level: list[ast.Tree] = [value]
    while level:
        depth += 1
        for part in level:
            known = project.constants.get(part.text) if isinstance(part, ast.NameUse) else None
            below = known.depth if isinstance(known, _Let) else 0
            if below == TOO_DEEP:
                return TOO_DEEP
            deepest = max(deepest, depth + below)
        level = [child for part in level for child in children(part)]
    return deepest


def _unread(symbol: Symbol, project: Project, why: str = "") -> _Let:
    """A `let` whose value is not looked at, reported when there is a reason of its own. Those that
    it names are used anyway."""
    for use in _uses(symbol.name, project):
        project.uses.mark("let", use.text, use.span)
    found = Diagnostic(
        "FQL390", f"the value of `{symbol.name}` {why}", symbol.span,
        label="too large", help=("use fewer `let`s in it",),
    )  # fmt: skip
    return _Let(poison(symbol.span), (found,) if why else (), depth=TOO_DEEP)


def _ring(under_way: list[str], use: ast.NameUse, project: Project) -> _Let:
    """The `let`s under way from the named one on are defined by each other."""
    ring = under_way[under_way.index(use.text) :]
    path = " -> ".join(f"`{name}`" for name in ring[:_MOST_SHOWN])
    path += (" -> ..." if len(ring) > _MOST_SHOWN else "") + f" -> `{use.text}`"
    labels = tuple(
        Label(project.lets[n].span, f"`{n}` is declared here") for n in ring[:_MOST_SHOWN]
    )
    found = Diagnostic(
        "FQL202", f"a `let` cannot be defined in terms of itself: {path}", use.span,
        label="this use closes the cycle", labels=labels,
        help=("give one of them a literal value",),
    )  # fmt: skip
    return _Let(poison(use.span), (found,))
