"""The messages of the expression checker. One cause, one message: what was reported is
answered by `poison`, which fits everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fql.near import nearest, question
from fql.plan.language import expressions as e
from fql.plan.language.types import ERROR, Type
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.diagnostics.similar import similar_fix
from fqlc.names.symbols import ANSWER, EntityInfo, FieldInfo
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.scope import Context, ExprScope

_DEFAULTS = {
    "String": '""', "Int": "0", "Decimal": "0", "Float": "0", "Boolean": "false", "ID": '""',
}  # fmt: skip
_MOST_LISTED = 10
_SHORT_NUMBER = 10**12


def at(span: Span) -> tuple[int, int]:
    """The stretch as plan nodes keep it."""
    return (span.start, span.end)


def poison(span: Span) -> e.Expr:
    """The value of a faulty expression."""
    return e.Constant(type=ERROR, value=None, at=at(span))


def poisoned(*parts: e.Expr) -> bool:
    """True when any part is faulty."""
    return any(_is_error(p.type) for p in parts)


def _is_error(of: Type) -> bool:
    return of.name == "Error" or (of.item is not None and _is_error(of.item))


def bare(expr: ast.Expr) -> ast.Expr:
    """The expression without parentheses around it."""
    while isinstance(expr, ast.Parenthesised):
        expr = expr.inner
    return expr


def wording(expr: ast.Expr) -> str:
    """How a message calls an expression: its text in backticks where it is short."""
    text = _shown_expression(expr)
    return f"`{text}`" if text else "this value"


def _shown_expression(expr: ast.Expr) -> str:  # noqa: PLR0911 - one line a kind
    """The text of names, members and calls without arguments; empty for others."""
    match bare(expr):
        case ast.NameUse(text=text):
            return text
        case ast.MemberAccess(of=of, name=name, optional=optional):
            inner = _shown_expression(of)
            return f"{inner}{'?.' if optional else '.'}{name.text}" if inner else ""
        case ast.CallOf(callee=callee, arguments=()):
            inner = _shown_expression(callee)
            return f"{inner}()" if inner else ""
        case ast.IndexOf(of=of, key=ast.StringLiteral(value=value)):
            inner = _shown_expression(of)
            return f'{inner}["{value}"]' if inner else ""
        case ast.NumberLiteral(value=number):
            return str(number) if -_SHORT_NUMBER < number < _SHORT_NUMBER else ""
        case ast.StringLiteral(value=value) if len(value) <= 30 and "\n" not in value:
            return f'"{value}"'
    return ""


def listing(names: Iterable[str], what: str) -> str:
    """`what: a, b, c`, at most ten of them."""
    ordered = sorted(names)
    shown = ", ".join(f"`{n}`" for n in ordered[:_MOST_LISTED])
    more = len(ordered) - _MOST_LISTED
    return f"{what}: {shown}" + (f", and {more} more" if more > 0 else "")


def suggestion(
    name: str, span: Span, candidates: Iterable[str], what: str
) -> tuple[tuple[str, ...], Fix | None]:
    """Help and fix for a misspelt name: the nearest candidate, else a list of them."""
    known = list(dict.fromkeys(candidates))
    near = nearest(name, known)
    if near is not None:
        return (question(near),), similar_fix(name, near, span)
    if known:
        return (listing(known, f"known {what}s"),), None
    return (), None


# Nulls -----------------------------------------------------------------------


def require(ctx: Context, written: ast.Expr, value: e.Expr, use: str) -> e.Expr:
    """Demand a value that is not null; FQL212 where it may be. `use` completes "needs a value
    that is not null". Gives the value as not null, so that checking goes on. After a faulty
    condition, which may have said that it is not, there is no message."""
    if not value.type.nullable or poisoned(value):
        return value
    if value.type.name == "Null":
        ctx.sink.error(
            "FQL212", f"`null` cannot be used here: {use} needs a value", written.span,
            label="null",
        )  # fmt: skip
        return poison(written.span)
    if ctx.scope.facts.in_doubt:
        return as_required(value)
    name = wording(written)
    ctx.sink.error(
        "FQL212", f"{name} may be null, but {use} needs a value", written.span,
        label=f"{name} may be null (`{value.type}`)", labels=why_null(ctx.scope, value),
        help=_null_help(ctx.scope, written, value), fix=_null_fix(ctx.scope, written, value),
    )  # fmt: skip
    return as_required(value)


def as_required(value: e.Expr) -> e.Expr:
    """The same node with null excluded from its type."""
    return replace(value, type=value.type.required())


def why_null(scope: ExprScope, value: e.Expr) -> tuple[Label, ...]:
    """Where it is declared that a value may be null."""
    match value:
        case e.Field(row=row, name=name):
            return _why_field(scope, row, scope.row_field(name))
        case e.Member(of=of, name=name):
            owner = scope.project.row(of.type.name)
            field = owner.fields.get(name) if owner else None
            if field is not None and field.type.nullable:
                return (Label(field.type_span, f"declared `{field.type}` here", field.pointer),)
            return why_null(scope, of)
        case e.Index(of=of) if of.type.nullable:
            return why_null(scope, of)
    return ()


def _why_field(scope: ExprScope, row: str, field: FieldInfo | None) -> tuple[Label, ...]:
    if field is None:
        return ()
    if field.type.nullable:
        return (Label(field.type_span, f"declared `{field.type}` here"),)
    if scope.trigger is None:
        return ()
    words = "an insert has no old row" if row == "old" else "a delete has no new row"
    return (Label(scope.trigger, words),)


def default_for(of: Type) -> str:
    """A literal that suits as a default of the type; empty when there is none."""
    return "[]" if of.is_list else _DEFAULTS.get(of.name, "")


def _null_help(scope: ExprScope, written: ast.Expr, value: e.Expr) -> tuple[str, ...]:
    text = _shown_expression(written)
    default = default_for(value.type)
    if scope.template:
        return (f"give a default: `{text or 'value'} | default({default or '...'})`",)
    if isinstance(value, e.Binary) and value.op in ("div", "mod"):
        return ("the divisor may be zero: test it first, or give a default with `?? ...`",)
    if not text:
        return ("test it with `!= null` first, or give a default with `?? ...`",)
    help_ = [f"add a guard: `{text} != null && ...`"]
    help_.append(f"or give a default: `({text} ?? {default or '...'})`")
    return tuple(help_)


def _null_fix(scope: ExprScope, written: ast.Expr, value: e.Expr) -> Fix | None:
    default = default_for(value.type)
    if not default:
        return None
    if scope.template:
        default = default.replace('"', "'")
        edit = Edit(Span(written.span.path, written.span.end, written.span.end),
                    f" | default({default})")  # fmt: skip
        return Fix((edit,), safe=False)
    start, end = written.span.start, written.span.end
    path = written.span.path
    return Fix(
        (Edit(Span(path, start, start), "("), Edit(Span(path, end, end), f" ?? {default})")),
        safe=False,
    )


# Types -----------------------------------------------------------------------


def mismatch(
    ctx: Context, op: str, sides: tuple[tuple[ast.Expr, e.Expr], ...], span: Span, *,
    help_: tuple[str, ...] = (), fix: Fix | None = None,
) -> e.Expr:  # fmt: skip
    """FQL211: the operands of `op` do not fit; each gets a label with its type."""
    types = " and ".join(f"`{value.type}`" for _, value in sides)
    labels = tuple(Label(part.span, f"this is `{value.type}`") for part, value in sides)
    ctx.sink.error(
        "FQL211", f"`{op}` does not work on {types}", span,
        label="these do not fit" if len(sides) > 1 else "does not fit",
        labels=labels, help=help_, fix=fix,
    )  # fmt: skip
    return poison(span)


# Names -----------------------------------------------------------------------


def unknown_field(ctx: Context, owner: EntityInfo, name: ast.Name | ast.NameUse) -> e.Expr:
    """FQL201 (in a template FQL311): a row has no such field."""
    if owner.kind == ANSWER:
        return _unknown_property(ctx, owner, name)
    if not owner.broken:
        help_, fix = suggestion(name.text, name.span, ctx.sink.comparable(owner.fields), "field")
        help_ += _owners(ctx, owner, name.text)
        ctx.sink.error(
            "FQL311" if ctx.scope.template else "FQL201",
            f"`{owner.name}` has no field `{name.text}`", name.span, label="unknown field",
            labels=(Label(owner.span, f"{count(len(owner.fields), 'field')} declared here"),),
            help=help_, fix=fix,
        )  # fmt: skip
    return poison(name.span)


def _unknown_property(ctx: Context, owner: EntityInfo, name: ast.Name | ast.NameUse) -> e.Expr:
    """FQL432: the contract tells of no such property in an answer."""
    help_, fix = suggestion(name.text, name.span, ctx.sink.comparable(owner.fields), "property")
    ctx.sink.error(
        "FQL432", f"`{owner.name}` has no property `{name.text}`", name.span,
        label="not in the contract",
        labels=(Label(owner.span, "the schema of the answer", owner.pointer),),
        help=help_, fix=None if name.span.end - name.span.start != len(name.text) else fix,
    )  # fmt: skip
    return poison(name.span)


def _owners(ctx: Context, owner: EntityInfo, name: str) -> tuple[str, ...]:
    others = [r.name for r in ctx.scope.project.rows.values()
              if r is not owner and name in r.fields]  # fmt: skip
    return (f"`{others[0]}` has a field `{name}`",) if others else ()


def count(number: int, what: str) -> str:
    """`1 field`, `3 fields`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
