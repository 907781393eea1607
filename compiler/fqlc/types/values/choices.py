"""`if c then a else b` and `x.case({ ... })`: each value knows the condition that leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.constants.literals import member
from fqlc.types.facts import facts_of
from fqlc.types.operands import EXACT, adapts, widened
from fqlc.types.operators import boolean
from fqlc.types.report import at, bare, mismatch, poison, poisoned, require
from fqlc.types.scope import Context

ELSE = "else"
_Value = tuple[ast.Expr, Context]
"""A value as it is written, and what is known where it is."""


def infer_if(expr: ast.IfOf, ctx: Context, expected: Type | None) -> e.Expr:
    """`if c then a else b`: `a` knows that `c` holds, `b` that it does not. A chain of `else if` is
    one choice. Reports FQL211, 212 and 213."""
    tests: list[e.Expr] = []
    written: list[_Value] = []
    rest: ast.Expr = expr
    while isinstance(rest, ast.IfOf):
        test = boolean(rest.test, ctx.infer(rest.test, t.BOOLEAN), ctx, "`if`")
        tests.append(test)
        written.append((rest.value, ctx.knowing(facts_of(test, True))))
        ctx = ctx.knowing(facts_of(test, False))
        rest = rest.otherwise
    written.append((rest, ctx))
    return _chosen(expr.span, tests, written, ctx, expected, "`if`")


def infer_case(expr: ast.CallOf, callee: ast.MemberAccess, ctx: Context) -> e.Expr:
    """`x.case({ member: value, else: value })`. Reports FQL212, 214, 233 and 234."""
    of = require(ctx, callee.of, ctx.infer(callee.of), "`case`")
    if poisoned(of):
        return poison(expr.span)
    members = _members(of.type, ctx)
    if not members:
        help_ = ("write `if ... then ... else ...`",)
        return _refuse(expr, f"`case` takes an enum or a Boolean, not `{of.type}`", help_, ctx)
    cases = expr.arguments[0] if len(expr.arguments) == 1 else None
    if not isinstance(cases, ast.ObjectLiteral):
        example = f"write `.case({{ {members[0]}: ..., else: ... }})`"
        return _refuse(expr, "`case` takes one object: a value for each member", (example,), ctx)
    entries = _entries(cases, of, members, ctx)
    if entries is None or not _exhaustive(cases, entries, of, members, ctx):
        return poison(expr.span)
    return _case(expr, of, entries, members, ctx)


def _case(
    expr: ast.CallOf, of: e.Expr, entries: dict[str, ast.Expr], members: Sequence[str], ctx: Context
) -> e.Expr:
    """The choice: the last member needs no test where all are there."""
    tests: list[e.Expr] = []
    written: list[_Value] = []
    for name, value in entries.items():
        if name != ELSE:
            test = _test(of, name, value, ctx)
            tests.append(test)
            written.append((value, ctx.knowing(facts_of(test, True))))
    if set(members) <= set(entries) and len(tests) > 1:
        tests.pop()
    else:
        last = entries.get(ELSE) or written[-1][0]
        for test in tests:
            ctx = ctx.knowing(facts_of(test, False))
        written.append((last, ctx))
    if not tests:
        return ctx.infer(written[-1][0])
    return _chosen(expr.span, tests, written[: len(tests) + 1], ctx, None, "`case`")


def _test(of: e.Expr, name: str, value: ast.Expr, ctx: Context) -> e.Expr:
    """`x == member`."""
    span = value.span
    enum = ctx.scope.project.enum_infos.get(of.type.name)
    constant: e.Expr = e.Constant(type=t.BOOLEAN, value=name == "true", at=at(span))
    if enum is not None:
        constant = member(name, span, enum, ctx)
    return e.Binary(type=t.BOOLEAN, op="eq", left=of, right=constant, at=at(span))


def _members(of: Type, ctx: Context) -> tuple[str, ...]:
    """What a value of the type can be; nothing where that cannot be listed."""
    if of.name == "Boolean":
        return ("true", "false")
    enum = ctx.scope.project.enum_infos.get(of.name)
    return tuple(enum.members) if enum is not None else ()


def _refuse(expr: ast.CallOf, message: str, help_: tuple[str, ...], ctx: Context) -> e.Expr:
    ctx.sink.error("FQL214", message, expr.span, label="wrong arguments", help=help_)
    return poison(expr.span)


def _entries(
    cases: ast.ObjectLiteral, of: e.Expr, members: Sequence[str], ctx: Context
) -> dict[str, ast.Expr] | None:
    """The values by the member; None where something was reported."""
    found: dict[str, ast.Expr] = {}
    places: dict[str, Span] = {}
    sound = True
    for entry in cases.entries:
        key = entry.key
        if key is None or entry.short or entry.optional:
            _refuse_entry(entry, ctx)
            sound = False
            continue
        if key.text in places:
            ctx.sink.error(
                "FQL203", f"`{key.text}` is written twice", key.span, label="written again",
                labels=(Label(places[key.text], "first written here"),),
            )  # fmt: skip
            sound = False
        elif key.text not in members and key.text != ELSE:
            _unknown_member(key, of, members, ctx)
            sound = False
        places.setdefault(key.text, key.span)
        found.setdefault(key.text, entry.value)
    return found if sound else None


def _refuse_entry(entry: ast.ObjectEntry, ctx: Context) -> None:
    ctx.sink.error(
        "FQL214", "each entry of `case` is `member: value`", entry.span, label="not a member: value"
    )


def _unknown_member(key: ast.Name, of: e.Expr, members: Sequence[str], ctx: Context) -> None:
    enum = ctx.scope.project.enum_infos.get(of.type.name)
    if enum is not None:
        member(key.text, key.span, enum, ctx)
        return
    ctx.sink.error(
        "FQL233", f"`{key.text}` is not a `{of.type}`", key.span, label="not one of its values",
        help=(f"the values are {_listed(members)}",),
    )  # fmt: skip


def _exhaustive(
    cases: ast.ObjectLiteral, entries: Iterable[str], of: e.Expr, members: Sequence[str],
    ctx: Context,
) -> bool:  # fmt: skip
    """False, with FQL234, where a member has no value and there is no `else:`."""
    given = set(entries)
    missing = [name for name in members if name not in given]
    if not missing or ELSE in given:
        return True
    close = Span(cases.span.path, cases.span.end - 1, cases.span.end - 1)
    before = ", " if given else " "
    added = before + ", ".join(f"{name}: null" for name in missing) + " "
    ctx.sink.error(
        "FQL234", f"`case` lacks {_listed(missing)} of `{of.type}`", cases.span,
        label="not every member has a value", help=("add them, or `else: ...` for all others",),
        fix=Fix((Edit(close, added),), safe=False),
    )  # fmt: skip
    return False


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:10])
    return shown + (f" and {len(names) - 10} more" if len(names) > 10 else "")


# The values --------------------------------------------------------------------


def _chosen(  # noqa: PLR0917 - what the two forms have in common
    span: Span, tests: list[e.Expr], written: list[_Value], ctx: Context,
    expected: Type | None, use: str,
) -> e.Expr:  # fmt: skip
    values = _inferred(written, expected)
    if poisoned(*tests, *values):
        return poison(span)
    of = _common(values)
    if of is None:
        sides = tuple(zip((place for place, _ in written), values, strict=True))
        odd = _first_odd(sides)
        help_ = ("all values must be of one type", *_float_help(values))
        return mismatch(ctx, use.strip("`"), odd, span, help_=help_)
    branches = tuple(zip(tests, values[:-1], strict=True))
    return e.Choose(type=of, branches=branches, otherwise=values[-1], at=at(span))


def _inferred(written: list[_Value], expected: Type | None) -> list[e.Expr]:
    """The typed values: those with a type of their own first, so that literals adapt to it."""
    found: dict[int, e.Expr] = {}
    hint = expected
    order = sorted(range(len(written)), key=lambda i: _adapting(*written[i]))
    for i in order:
        place, ctx = written[i]
        value = ctx.infer(place, hint)
        found[i] = value
        if hint is None and value.type.name not in ("Null", "Error", "Duration", "Object"):
            hint = value.type.required()
    return [found[i] for i in range(len(written))]


def _adapting(place: ast.Expr, ctx: Context) -> int:
    """How much a value takes the type of others: `[]` has none of its own."""
    empty = isinstance(inner := bare(place), ast.ListLiteral) and not inner.items
    return 2 if empty else int(adapts(place, ctx.scope))


def _common(values: list[e.Expr]) -> Type | None:
    """The type of all values after widening; None where they do not fit."""
    common, nullable = t.NULL, False
    for value in values:
        nullable = nullable or value.type.nullable
        joined = _joined(common.required(), value.type.required())
        if joined is None:
            return None
        common = joined
    return common.optional() if nullable else common


def _joined(one: Type, other: Type) -> Type | None:
    if "Null" in (one.name, other.name):
        return other if one.name == "Null" else one
    if one == other:
        return one if one.name not in ("Failure", "Batch") else None
    return widened(one, other) if {one.name, other.name} == EXACT else None


def _float_help(values: list[e.Expr]) -> tuple[str, ...]:
    names = {value.type.name for value in values}
    return (
        ("convert with `.to_float()` or `.to_decimal()`",)
        if "Float" in names and names & EXACT
        else ()
    )


def _first_odd(sides: tuple[tuple[ast.Expr, e.Expr], ...]) -> tuple[tuple[ast.Expr, e.Expr], ...]:
    """The first value that does not fit one before it, with that."""
    for i, side in enumerate(sides):
        for earlier in sides[:i]:
            if _joined(earlier[1].type.required(), side[1].type.required()) is None:
                return (earlier, side)
    return sides[:2]
