"""The fix of a finding, as edits of the body as it is written."""

from __future__ import annotations

from fqlc.checks.contract.judged import Bound
from fqlc.checks.contract.written import WrittenBody
from fqlc.contracts.judging.findings import Finding, Remedy
from fqlc.diagnostics.model import Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.report import default_for


def fix_of(found: Finding, bound: Bound, written: WrittenBody) -> Fix | None:
    """The edits that mend a finding; None where nobody can say what is meant."""
    remedy = found.remedy
    if remedy is None:
        return None
    edits = _edits(found, remedy, bound, written)
    return Fix(tuple(edits), safe=remedy.safe) if edits else None


def _edits(found: Finding, remedy: Remedy, bound: Bound, written: WrittenBody) -> list[Edit]:
    from fql.exact.writing import json_text

    if remedy.kind == "insert":
        return _inserted(remedy.text, found, bound, written)
    if remedy.kind == "text":
        node = written.node_of(found.value)
        return [Edit(node.span, json_text(remedy.text))] if _is_text(node) and node else []
    place = written.entry_of(found.value)
    return [] if place is None else _at_entry(found, remedy, *place)


def _is_text(node: ast.Expr | None) -> bool:
    return isinstance(node, ast.StringLiteral)


def _at_entry(
    found: Finding, remedy: Remedy, inside: ast.ObjectLiteral, entry: ast.ObjectEntry
) -> list[Edit]:
    """Edits of the entry that has the value."""
    match remedy.kind:
        case "rename":
            return _renamed(remedy.text, entry)
        case "remove":
            return [Edit(_with_gap(inside, entry), "")]
        case "optional":
            return [] if entry.optional or entry.key is None else [_after(entry.key.span, "?")]
        case "default":
            return _with_default(found, entry)
    return _called(remedy.text, found, entry)


def _after(span: Span, text: str) -> Edit:
    return Edit(Span(span.path, span.end, span.end), text)


def _inserted(name: str, found: Finding, bound: Bound, written: WrittenBody) -> list[Edit]:
    """A key whose value the entity has under the same name."""
    into, scope = written.object_of(found.value), bound.action.scope
    inside_each = bound.action.batched and not _is_body(into, bound)
    if into is None or scope.row_field(name) is None or (bound.action.batched and not inside_each):
        return []
    if into.entries:
        return [_after(into.entries[-1].span, f", {name}")]
    return [Edit(into.span, f"{{ {name} }}")]


def _is_body(into: ast.ObjectLiteral | None, bound: Bound) -> bool:
    return into is not None and into.span == bound.action.body_span


def _key_text(name: str) -> str:
    from fql.exact.writing import json_text

    return name if name.isidentifier() and name.isascii() else json_text(name)


def _renamed(name: str, entry: ast.ObjectEntry) -> list[Edit]:
    if entry.key is None:
        return []
    if entry.short:
        at = Span(entry.span.path, entry.span.start, entry.span.start)
        return [Edit(at, f"{_key_text(name)}: ")]
    return [Edit(entry.key.span, _key_text(name))]


def _with_gap(inside: ast.ObjectLiteral, entry: ast.ObjectEntry) -> Span:
    """An entry with what separates it from the next one, or for the last from the one before."""
    place = inside.entries.index(entry)
    span = entry.span
    if place + 1 < len(inside.entries):
        return Span(span.path, span.start, inside.entries[place + 1].span.start)
    if place:
        return Span(span.path, inside.entries[place - 1].span.end, span.end)
    return span


_TIGHT = (ast.NameUse, ast.MemberAccess, ast.CallOf, ast.IndexOf, ast.Parenthesised)


def _with_default(found: Finding, entry: ast.ObjectEntry) -> list[Edit]:
    expr = found.value.expr
    default = default_for(expr.type) if expr is not None else ""
    return _around(entry, f" ?? {default}") if default else []


def _called(method: str, found: Finding, entry: ast.ObjectEntry) -> list[Edit]:
    """A method of null is an error of its own."""
    expr = found.value.expr
    if expr is None or expr.type.nullable:
        return []
    return _around(entry, f".{method}")


def _around(entry: ast.ObjectEntry, after: str) -> list[Edit]:
    """The value of an entry with something after it, in parentheses where it is long."""
    value = entry.value
    if entry.short and entry.key is not None:
        mark = "?" if entry.optional else ""
        return [Edit(entry.span, f"{entry.key.text}{mark}: {entry.key.text}{after}")]
    if isinstance(value, _TIGHT):
        return [_after(value.span, after)]
    start = Span(value.span.path, value.span.start, value.span.start)
    return [Edit(start, "("), _after(value.span, f"){after}")]
