"""The door of this room: what checks and lowering ask about expressions."""

from __future__ import annotations

from dataclasses import replace

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.computed import check_computed
from fqlc.types.constants.lets import fold_constant
from fqlc.types.facts import NOTHING, Facts, facts_of
from fqlc.types.report import poison, poisoned, require, wording
from fqlc.types.scope import ActionView, Context, ExprScope
from fqlc.types.sensitive import SensitiveUse, sensitive_fields
from fqlc.types.texts.templates import Place, check_literal
from fqlc.types.values.bodies import has_each
from fqlc.types.visit import visit

__all__ = [
    "NOTHING",
    "ActionView",
    "ExprScope",
    "Facts",
    "SensitiveUse",
    "check_body",
    "check_condition",
    "check_fields",
    "check_lets",
    "check_text",
    "facts_of",
    "fold_let",
    "infer",
    "response_type",
    "sensitive_fields",
]

_ENVIRONMENT_PLACES = ("header", "url", "path")


def infer(expr: ast.Expr, scope: ExprScope, sink: Sink, expected: Type | None = None) -> e.Expr:
    """The typed form of an expression. After a report the result has the type `Error`, which
    fits everywhere: one cause, one message. `expected` is what literals adapt to."""
    return visit(expr, Context(scope, sink, visit), expected)


def check_condition(expr: ast.Expr, scope: ExprScope, sink: Sink) -> e.Expr:
    """A `when`: FQL212 for `Boolean?`, FQL213 for another type."""
    ctx = Context(scope, sink, visit)
    value = visit(expr, ctx, t.BOOLEAN)
    if poisoned(value) or value.type == t.BOOLEAN:
        return value
    if value.type == t.BOOLEAN.optional():
        return require(ctx, expr, value, "a condition")
    sink.error(
        "FQL213", f"a condition must be Boolean, but {wording(expr)} is `{value.type}`", expr.span,
        label=f"this is `{value.type}`", help=(_instead(expr),),
    )  # fmt: skip
    return poison(expr.span)


def _instead(expr: ast.Expr) -> str:
    quoted = isinstance(expr, ast.StringLiteral)
    return "write the condition without quotes" if quoted else "compare it with a value"


def check_text(literal: ast.StringLiteral, scope: ExprScope, sink: Sink, place: Place) -> e.Expr:
    """A text as Constant or Text. `${NAME}` may be in headers, urls and paths, and in
    settings where the scope allows it; elsewhere FQL321."""
    allowed = scope.allow_environment or place in _ENVIRONMENT_PLACES
    inner = replace(scope, allow_environment=allowed)
    return check_literal(literal, Context(inner, sink, visit))


def check_body(expr: ast.Expr, scope: ExprScope, sink: Sink) -> e.Expr:
    """A body: a tree of objects, lists, spreads, `each` and values. Where only the project-wide
    setting may batch, it does when the body uses `each`."""
    if scope.batch == "project":
        scope = replace(scope, batch="outside" if has_each(expr) else "none")
    value = visit(expr, Context(scope, sink, visit), None)
    if value.type.name == "Duration":
        sink.error("FQL211", "a duration has no JSON form", expr.span, label="this is `Duration`")
        return poison(expr.span)
    return value


def fold_let(name: str, project: Project, sink: Sink) -> e.Expr:
    """The value of a declared `let`: a constant, or a list or object of constants. What is
    wrong in it is reported, also when it was computed before."""
    return fold_constant(name, project, sink, visit)


def check_lets(project: Project, sink: Sink) -> None:
    """Report what is wrong in all `let`s; a ring of them once."""
    for name in project.lets:
        fold_let(name, project, sink)


def check_fields(project: Project, sink: Sink) -> None:
    """Report what is wrong in computed fields."""
    check_computed(project, sink, visit)


def response_type(expr: ast.Expr, project: Project, sink: Sink) -> Type:
    """The value of `response:`: the name of a type, or a list of one. Reports FQL202, 206."""
    if isinstance(expr, ast.ListLiteral) and len(expr.items) == 1:
        return t.list_of(response_type(expr.items[0], project, sink))
    if isinstance(expr, ast.ErrorExpression):
        return t.ERROR
    if isinstance(expr, ast.NameUse):
        return _named_type(expr.text, expr.span, project, sink)
    sink.error(
        "FQL206", "`response` takes the name of a type, or a list of one", expr.span,
        help=("declare the answer with `type` and write its name",),
    )  # fmt: skip
    return t.ERROR


def _named_type(name: str, span: Span, project: Project, sink: Sink) -> Type:
    from fqlc.types.report import suggestion

    if name in t.FIELD_TYPES:
        return Type(name)
    for kind, known in (("type", project.types), ("enum", project.enums)):
        if name in known:
            project.uses.mark(kind, name, span)
            return Type(name)
    if name in project.entities:
        return Type(name)
    if not project.unreadable(name):
        known_types = (*project.types, *project.enums)
        help_, fix = suggestion(name, span, sink.comparable(known_types), "type")
        for edit in fix.edits if fix is not None else ():
            project.uses.mark("type" if edit.text in project.types else "enum", edit.text, span)
        sink.error("FQL202", f"unknown type `{name}`", span, label="unknown type",
                   help=help_, fix=fix)  # fmt: skip
    return t.ERROR
