"""Text templates: a string with holes becomes a `Text` of the plan, checked part by part.

Plain holes (`{{ order.total }}`) are read here; everything else goes to Jinja's parser, which
`jinja` turns into the same parts. `${NAME}` references are split off first, so that their values
are data and never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fqlc.diagnostics.model import Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.report import (
    at,
    poison,
)
from fqlc.types.scope import Context
from fqlc.types.texts.holes import checked_hole, merged, split_environment

Place = Literal["body", "header", "url", "path", "setting"]

MAX_TEMPLATE = 64_000
"""Characters of one template."""

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PLAIN_HOLE = re.compile(rf"\{{\{{\s*({_NAME}(?:\.{_NAME})*)\s*\}}\}}", re.ASCII)
_OPENER = re.compile(r"\{[{%#]")
_WORDS = frozenset({"not", "and", "or", "in", "is", "if", "else", "true", "false", "none",
                    "True", "False", "None", "null"})  # fmt: skip


def check_literal(literal: ast.StringLiteral, ctx: Context) -> e.Expr:
    """A quoted text as Constant or Text. Reports FQL212, 311, 312, 313, 321 and 390."""
    if not _environment_allowed(literal, ctx) or not _size_allowed(literal, ctx):
        return poison(literal.span)
    if not literal.is_template:
        parts: Iterable[e.TextPart] | None = split_environment(literal, 0, len(literal.value))
    else:
        from fqlc.types.texts.jinja import read_template  # jinja2 is imported for templates only

        inner = ctx.within(replace(ctx.scope, template=True))
        parts = _plain(literal, inner) if _is_plain(literal) else read_template(literal, inner)
    if parts is None:
        return poison(literal.span)
    return _text_of_parts(merged(parts), literal.span)


def _text_of_parts(parts: tuple[e.TextPart, ...], span: Span) -> e.Expr:
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) == len(parts):
        return e.Constant(type=t.STRING, value="".join(texts), at=at(span))
    return e.Text(type=t.STRING, parts=parts, at=at(span))


# Limits and references -------------------------------------------------------


def _environment_allowed(literal: ast.StringLiteral, ctx: Context) -> bool:
    if ctx.scope.allow_environment or not literal.environment:
        return True
    for start, end, name in literal.environment:
        help_: tuple[str, ...] = (
            "put it in a header, url, path, auth, signing or encryption setting",
        )
        fix = None
        span = literal.inside(start, end)
        if not ctx.scope.constant and ctx.scope.row_field(name) is not None:
            help_ = (f"to insert the field `{name}` write `{{{{ {name} }}}}`",)
            fix = Fix((Edit(span, f"{{{{ {name} }}}}"),), safe=False)
        ctx.sink.error(
            "FQL321", f"`${{{name}}}` is used where its value would be stored or shown",
            span, label="not allowed here", help=help_, fix=fix,
        )  # fmt: skip
    return False


def _size_allowed(literal: ast.StringLiteral, ctx: Context) -> bool:
    if len(literal.value) <= MAX_TEMPLATE or not literal.is_template:
        return True
    ctx.sink.error(
        "FQL390", f"the template has more than {MAX_TEMPLATE} characters", literal.span,
        help=("send the parts as keys of the body",),
    )  # fmt: skip
    return False


# Plain holes -----------------------------------------------------------------


def _is_plain(literal: ast.StringLiteral) -> bool:
    """True when each tag is a hole with a dotted name: nothing for which Jinja is needed."""
    position = 0
    while (opener := _next_opener(literal, position)) is not None:
        hole = _PLAIN_HOLE.match(literal.value, opener)
        if hole is None or not _WORDS.isdisjoint(hole.group(1).split(".")):
            return False
        position = hole.end()
    return True


def _next_opener(literal: ast.StringLiteral, position: int) -> int | None:
    """The next `{{`, `{%` or `{#` that no escape made."""
    for found in _OPENER.finditer(literal.value, position):
        if found.start() not in literal.escaped:
            return found.start()
    return None


def _plain(literal: ast.StringLiteral, ctx: Context) -> list[e.TextPart]:
    parts: list[e.TextPart] = []
    position = 0
    while (opener := _next_opener(literal, position)) is not None:
        hole = _PLAIN_HOLE.match(literal.value, opener)
        if hole is None:
            break
        parts.extend(split_environment(literal, position, opener))
        written = dotted(hole.group(1), hole.start(1), literal)
        parts.append(checked_hole(written, ctx.infer(written), ctx))
        position = hole.end()
    parts.extend(split_environment(literal, position, len(literal.value)))
    return parts


def dotted(text: str, start: int, literal: ast.StringLiteral) -> ast.Expr:
    """A dotted name inside a literal as an expression with places."""
    first, *rest = text.split(".")
    end = start + len(first)
    expr: ast.Expr = ast.NameUse(text=first, span=literal.inside(start, end))
    for name in rest:
        begin, end = end + 1, end + 1 + len(name)
        expr = ast.MemberAccess(
            of=expr, name=ast.Name(text=name, span=literal.inside(begin, end)),
            span=literal.inside(start, end),
        )  # fmt: skip
    return expr
