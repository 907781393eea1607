"""Both sides of an operator: which is inferred first, and which types go together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.syntax.tree import ast
from fqlc.types.report import bare, require, suggestion
from fqlc.types.scope import Context, ExprScope

_NUMBERS = frozenset({"Int", "Float", "Decimal"})
EXACT = frozenset({"Int", "Decimal"})
"""Numbers that mix: what a Float makes of them would lose digits without a word."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The typed operands of a binary operator."""

    left: e.Expr
    right: e.Expr

    def required(self, expr: ast.BinaryOf, ctx: Context, use: str) -> Sides:
        """Both without null; FQL212 for each that may be, for a written `null` only that."""
        for written, side in ((expr.left, self.left), (expr.right, self.right)):
            if side.type.name == "Null":
                return Sides(require(ctx, written, side, use), self.right)
        return Sides(
            require(ctx, expr.left, self.left, use), require(ctx, expr.right, self.right, use)
        )


def infer_sides(
    left: ast.Expr,
    right: ast.Expr,
    ctx: Context,
    *,
    expected: Type | None = None,
    member: bool = False,
) -> Sides:
    """Infer the side with a type of its own first, then let the other adapt to it.

    With `member` the right side is a list of what the left side is.
    """
    if adapts(left, ctx.scope) and not adapts(right, ctx.scope):
        second = ctx.infer(right, expected)
        hint = second.type.item if member else second.type
        return Sides(ctx.infer(left, _hint(hint, expected)), second)
    first = ctx.infer(left, expected)
    if not member and _enum_behind(first, left, right, ctx):
        second = ctx.infer(right, expected)
        return Sides(ctx.infer(left, second.type), second)
    hint = t.list_of(first.type.required()) if member else first.type
    return Sides(first, ctx.infer(right, _hint(hint, expected)))


def _hint(of: Type | None, expected: Type | None) -> Type | None:
    """What the other side should adapt to."""
    if of is None or of.name in ("Null", "Duration"):
        return expected
    return of


def _enum_behind(first: e.Expr, left: ast.Expr, right: ast.Expr, ctx: Context) -> bool:
    """True when a bare name on the left is opposite an enum field on the right: the name is
    a member first, even where a field has it too."""
    name, other = bare(left), bare(right)
    if not isinstance(name, ast.NameUse) or not isinstance(other, ast.NameUse):
        return False
    field = ctx.scope.row_field(other.text)
    if field is None or not ctx.scope.is_enum(field.type) or ctx.scope.is_enum(first.type):
        return False
    return name.text in ctx.scope.project.enum_infos[field.type.name].members


def adapts(expr: ast.Expr, scope: ExprScope) -> bool:
    """True for literals, and names that nothing in scope has: they take the other side's type."""
    match bare(expr):
        case ast.NumberLiteral() | ast.StringLiteral() | ast.WordLiteral():
            return True
        case ast.UnaryOf(op="neg", of=of):
            return adapts(of, scope)
        case (
            ast.BinaryOf(op="add" | "sub" | "mul" | "div" | "mod", left=one, right=other)
            | ast.IfOf(value=one, otherwise=other)
        ):
            return adapts(one, scope) and adapts(other, scope)
        case ast.ListLiteral(items=items):
            return all(adapts(item, scope) for item in items)
        case ast.NameUse(text=text):
            return not (text in scope.variables or text.startswith("_") or scope.row_field(text))
    return False


def refuses_members(expr: ast.BinaryOf, sides: Sides, ctx: Context) -> bool:
    """Report FQL233 where one side, or an item of the right one, is a text that the other side
    never is by its contract."""
    written = bare(expr.right)
    pairs = [(expr.right, sides.right, sides.left), (expr.left, sides.left, sides.right)]
    if isinstance(written, ast.ListLiteral) and isinstance(sides.right, e.ListOf):
        items = zip(written.items, sides.right.items, strict=True)
        pairs = [(one, value, sides.left) for one, value in items]
    refused = [_refuses_member(*pair, ctx) for pair in pairs]
    return any(refused)


def _refuses_member(written: ast.Expr, value: e.Expr, other: e.Expr, ctx: Context) -> bool:
    """Report FQL233 for a text opposite a property of an answer that can only be other ones."""
    row = ctx.scope.project.row(other.of.type.name) if isinstance(other, e.Member) else None
    field = row.fields.get(other.name) if row is not None and isinstance(other, e.Member) else None
    if row is None or field is None or field.members is None:
        return False
    if not isinstance(value, e.Constant):
        return False
    if not isinstance(value.value, str) or value.value in field.members:
        return False
    name = f"{row.name}.{field.name}"
    help_, fix = suggestion(value.value, written.span, field.members, "member")
    quoted = tuple(Edit(edit.span, f'"{edit.text}"') for edit in fix.edits) if fix else ()
    ctx.sink.error(
        "FQL233", f'`{name}` is never "{value.value[:80]}"', written.span,
        label="not one of its values",
        labels=(Label(field.span, f"{len(field.members)} values", field.pointer),),
        help=help_, fix=Fix(quoted, fix.safe) if fix else None,
    )  # fmt: skip
    return True


# Which types go together -----------------------------------------------------


def is_number(of: Type) -> bool:
    """True for Int, Float, Decimal, null or not."""
    return of.name in _NUMBERS


def comparable(left: Type, right: Type) -> bool:
    """True when values of the types can be compared for equality, after widening; null fits."""
    if "Error" in (left.name, right.name) or "Null" in (left.name, right.name):
        return True
    if left.item is not None and right.item is not None:
        return comparable(left.item, right.item)
    if {left.name, right.name} == EXACT:
        return True
    return left.required() == right.required() and left.name not in ("Object", "Failure", "Batch")


def joinable(left: Type, right: Type) -> bool:
    """True when one type holds the values of both: they are comparable, and need no widening
    within a list."""
    return comparable(left, right) and (left.item is None or not _counted_otherwise(left, right))


def _counted_otherwise(left: Type, right: Type) -> bool:
    while left.item is not None and right.item is not None:
        left, right = left.item, right.item
    return {left.name, right.name} == EXACT


def widened(left: Type, right: Type) -> Type:
    """The type that holds values of both comparable types."""
    if left.item is not None and right.item is not None:
        return replace(left, item=_widened_items(left.item, right.item))
    if left.name in ("Int", "Null", "Error"):
        return right
    return left


def _widened_items(left: Type, right: Type) -> Type:
    of = widened(left, right)
    return of.optional() if left.nullable or right.nullable else of
