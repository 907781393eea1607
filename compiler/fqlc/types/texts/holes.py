"""Parts of a text: values with a text form, references, and texts between them."""

from __future__ import annotations

from collections.abc import Iterable

from fql.plan.language import expressions as e
from fql.plan.language.types import FIELD_TYPES, Type
from fqlc.diagnostics.model import Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.report import default_for, poison, poisoned, why_null, wording
from fqlc.types.scope import Context

_HAS_TEXT = FIELD_TYPES - {"JSON"}
"""What has a text form, besides enums."""


def merged(parts: Iterable[e.TextPart]) -> tuple[e.TextPart, ...]:
    """The parts with neighbouring texts joined and empty ones dropped."""
    result: list[e.TextPart] = []
    for part in parts:
        last = result[-1] if result else None
        if isinstance(part, str) and isinstance(last, str):
            result[-1] = last + part
        elif part != "":
            result.append(part)
    return tuple(result)


def split_environment(literal: ast.StringLiteral, start: int, end: int) -> list[e.TextPart]:
    """The characters `start..end` of a literal as text and `${NAME}` references."""
    parts: list[e.TextPart] = []
    for first, last, name in literal.environment:
        if first >= start and last <= end:
            parts.extend((literal.value[start:first], e.Environment(name)))
            start = last
    parts.append(literal.value[start:end])
    return parts


def checked_hole(written: ast.Expr, value: e.Expr, ctx: Context) -> e.Hole:
    """A value put into text. Reports FQL313 for what has no text form."""
    if not poisoned(value):
        _check_text_form(written, value, ctx)
        if not has_text(value.type, ctx):
            return e.Hole(poison(written.span))
    return e.Hole(value)


def _tested(name: str) -> str:
    """How a test in a template names a value."""
    return name.strip("`") if name.startswith("`") else "value"


def _check_text_form(written: ast.Expr, value: e.Expr, ctx: Context) -> None:
    of = value.type
    name = wording(written)
    if of.nullable and has_text(of, ctx):
        default = default_for(of).replace('"', "'")
        end = Span(written.span.path, written.span.end, written.span.end)
        advice = f"give a default: `| default({default})`" if default else (
            f"put it inside a test: `{{% if {_tested(name)} != none %}}...{{% endif %}}`"
        )  # fmt: skip
        ctx.sink.error(
            "FQL313", f"{name} may be null, which has no text form", written.span,
            label=f"may be null (`{of}`)", labels=why_null(ctx.scope, value),
            help=(advice, "or send the bare expression, whose null becomes JSON null"),
            fix=Fix((Edit(end, f" | default({default})"),), safe=False) if default else None,
        )  # fmt: skip
    elif not has_text(of, ctx):
        what = "a list" if of.is_list else "an object" if _is_object(of, ctx) else f"`{of}`"
        ctx.sink.error(
            "FQL313", f"{name} is {what}, which has no text form", written.span,
            label=f"this is `{of}`", help=_no_text_help(of),
        )  # fmt: skip


def has_text(of: Type, ctx: Context) -> bool:
    """True for types with a text form: scalars and enums."""
    return not of.is_list and (of.name in _HAS_TEXT or ctx.scope.is_enum(of))


def _is_object(of: Type, ctx: Context) -> bool:
    return ctx.scope.project.row(of.name) is not None or of.name in ("Object", "Failure", "Batch")


def _no_text_help(of: Type) -> tuple[str, ...]:
    if of.is_list:
        return ('join it: `| join(", ")`', "or send the bare expression, which stays a list")
    if of.name == "JSON":
        return ("write `| json` for its JSON text", "or declare its `type` and read a field")
    return ("read one of its fields, or send the bare expression",)
