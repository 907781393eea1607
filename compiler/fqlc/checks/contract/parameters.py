"""Fixes for parameters that are missing: a field of the entity that has their name is put in."""

from __future__ import annotations

import re

from fqlc.checks.contract.judged import Bound
from fqlc.diagnostics.model import Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


def query_fix(bound: Bound, name: str, text: ast.StringLiteral) -> Fix | None:
    """The parameter at the end of the path."""
    field = _field_of(bound, name)
    if field is None:
        return None
    sign = "&" if "?" in text.value else "?"
    return Fix((_at(text.span, text.span.end - 1, f"{sign}{name}={{{{ {field} }}}}"),), safe=False)


def header_fix(bound: Bound, name: str) -> Fix | None:
    """The header among those of the action."""
    from fql.exact.writing import json_text

    field = _field_of(bound, name)
    if field is None:
        return None
    header = f'{json_text(name)}: "{{{{ {field} }}}}"'
    block = bound.action.block
    headers = next((e.value for e in block.entries if e.key.text == "headers"), None)
    if headers is None:
        last = block.entries[-1].span
        return Fix((_at(last, last.end, f"\nheaders: {{ {header} }}"),), safe=False)
    if isinstance(headers, ast.ObjectLiteral) and headers.entries:
        last = headers.entries[-1].span
        return Fix((_at(last, last.end, f", {header}"),), safe=False)
    return None


def _field_of(bound: Bound, name: str) -> str | None:
    """The field of that name, whose value can be put into a text."""
    field = bound.action.scope.row_field(re.sub(r"[^A-Za-z0-9]+", "_", name).lower())
    if field is None or bound.action.batched or field.type.nullable or field.type.is_list:
        return None
    return field.name


def _at(span: Span, offset: int, text: str) -> Edit:
    return Edit(Span(span.path, offset, offset), text)
