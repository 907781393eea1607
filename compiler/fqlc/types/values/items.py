"""Methods over the items of a list: `any all map filter sum min max first`."""

from __future__ import annotations

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.operands import is_number
from fqlc.types.operators import boolean
from fqlc.types.report import at, poison, poisoned, require
from fqlc.types.scope import Context

LIST_METHODS = e.LIST_OPS
MOST_NESTED = 2
"""Methods over items within each other: each multiplies the work of the one around it."""

_CONDITIONS = frozenset({"any", "all", "filter", "first"})
_ALONE = frozenset({"sum", "min", "max", "first"})
"""What may have no arguments: it is about the items themselves."""


def infer_items(expr: ast.CallOf, callee: ast.MemberAccess, of: e.Expr, ctx: Context) -> e.Expr:
    """A method over items; `of` is a list, not null. Reports FQL203, 211, 212, 214, 390."""
    item = of.type.item
    assert item is not None, "the caller has seen that it is a list"  # noqa: S101
    name = callee.name.text
    if not expr.arguments and name in _ALONE:
        return _of_items(expr, name, of, item, ctx)
    if len(expr.arguments) != 2 or not isinstance(expr.arguments[0], ast.NameUse):
        what = "a condition" if name in _CONDITIONS else "a value"
        ctx.sink.error(
            "FQL214", f"`{name}` takes a name and {what}", expr.span, label="wrong arguments",
            help=(f"write `{name}(x, x ...)`",),
        )  # fmt: skip
        return poison(expr.span)
    variable = expr.arguments[0]
    if not _free_variable(variable, ctx) or not _shallow(expr, name, ctx):
        return poison(expr.span)
    inner = ctx.within(ctx.scope.with_variable(variable.text, item))
    body = _body(name, expr.arguments[1], inner)
    return _node(expr, name, of, variable.text, body)


def _of_items(expr: ast.CallOf, name: str, of: e.Expr, item: Type, ctx: Context) -> e.Expr:
    """`list.first()`, and the sum, least or largest of the items themselves."""
    variable = next(n for n in ("item", "item2", "item3") if n not in ctx.scope.variables)
    if name == "first":
        true = e.Constant(type=t.BOOLEAN, value=True, at=at(expr.span))
        return _node(expr, name, of, variable, true)
    callee = expr.callee
    if item.nullable:
        _refuse_null_items(expr, name, item, ctx)
        return poison(expr.span)
    value = e.Variable(type=item, name=variable, at=at(callee.span))
    return _node(expr, name, of, variable, _number(name, callee, value, ctx))


def _refuse_null_items(expr: ast.CallOf, name: str, item: Type, ctx: Context) -> None:
    """FQL212 for items that may be null, where nothing says what then."""
    default = "0" if is_number(item) else "..."
    argument = f"x, x ?? {default}"
    inside = Span(expr.span.path, expr.span.end - 1, expr.span.end - 1)
    ctx.sink.error(
        "FQL212", f"an item may be null, but `{name}` needs values", expr.span,
        label=f"the items are `{item}`", help=(f"give a default: `{name}({argument})`",),
        fix=Fix((Edit(inside, argument),), safe=False) if is_number(item) else None,
    )  # fmt: skip


def _body(name: str, written: ast.Expr, inner: Context) -> e.Expr:
    if name in _CONDITIONS:
        return boolean(written, inner.infer(written, t.BOOLEAN), inner, f"`{name}`")
    value = inner.infer(written)
    if name == "map":
        if value.type == t.DURATION:
            return _refused(name, written, value, inner)
        return value
    return _number(name, written, value, inner)


def _number(name: str, written: ast.Expr, value: e.Expr, ctx: Context) -> e.Expr:
    """What can be summed or has an order, and is not null."""
    value = require(ctx, written, value, f"`{name}`")
    if poisoned(value):
        return value
    fits = is_number(value.type) or (name != "sum" and value.type.name in t.ORDERED)
    if fits and value.type.item is None:
        return value
    return _refused(name, written, value, ctx)


def _refused(name: str, written: ast.Expr, value: e.Expr, ctx: Context) -> e.Expr:
    needs = {"sum": "a number", "map": "a value that has a JSON form"}
    ctx.sink.error(
        "FQL211", f"`{name}` needs {needs.get(name, 'a value with an order')}, not `{value.type}`",
        written.span, label=f"this is `{value.type}`",
    )  # fmt: skip
    return poison(written.span)


def _node(expr: ast.CallOf, name: str, of: e.Expr, variable: str, body: e.Expr) -> e.Expr:
    if poisoned(body):
        return poison(expr.span)
    item = of.type.item or t.ERROR
    result = {
        "any": t.BOOLEAN, "all": t.BOOLEAN, "map": t.list_of(body.type), "sum": body.type,
        "filter": t.list_of(item), "first": item.optional(),
    }.get(name, body.type.optional())  # fmt: skip
    return e.Quantifier(type=result, op=name, of=of, variable=variable, body=body, at=at(expr.span))


def _free_variable(variable: ast.NameUse, ctx: Context) -> bool:
    if variable.text not in ctx.scope.variables:
        return True
    ctx.sink.error(
        "FQL203", f"`{variable.text}` is already the name of an outer item", variable.span,
        label="named again here", help=("choose another name",),
    )  # fmt: skip
    return False


def _shallow(expr: ast.CallOf, name: str, ctx: Context) -> bool:
    if len(ctx.scope.variables) < MOST_NESTED:
        return True
    ctx.sink.error(
        "FQL390", f"`{name}` is inside {MOST_NESTED} other methods over items", expr.span,
        label="nested too deeply", help=("nest at most two of them",),
    )  # fmt: skip
    return False
