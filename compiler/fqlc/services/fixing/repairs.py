"""Repairs that go further than the fixes of the checker: a guard, a field, an allow comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from fqlc.diagnostics.model import Diagnostic, Edit, Severity
from fqlc.services.answers import ActionKind, CodeAction
from fqlc.services.probing.lexical import around
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import SourceText, Span
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children
from fqlc.types.values.items import LIST_METHODS

_ALLOWS = re.compile(r"#\s*fql:\s*allow\s+(?P<codes>FQL\d+(?:\s*,\s*FQL\d+)*)")


def guard(snapshot: Snapshot, diagnostic: Diagnostic) -> Iterator[CodeAction]:
    """`x != null && ...` before the part of a condition that needs a value."""
    source = snapshot.sources.get(diagnostic.span.path)
    declaration = snapshot.declaration_at(diagnostic.span.path, diagnostic.span.start)
    if diagnostic.code != "FQL212" or source is None or declaration is None:
        return
    place = diagnostic.span
    part = _guarded(declaration, place)
    value = source.text[place.start : place.end]
    if part is None or not re.fullmatch(r"[\w.?]+", value, re.ASCII):
        return
    edits = (Edit(Span(place.path, part.start, part.start), f"{value} != null && "),)
    title = f"test `{value} != null` first"
    yield CodeAction(title, ActionKind.QUICK_FIX, edits, (diagnostic,))


def _guarded(declaration: ast.Declaration, place: Span) -> Span | None:
    """The operand of `&&` or `||`, or the whole condition, that a place is in."""
    trail: list[ast.Tree] = [declaration]
    while True:
        inner = next((c for c in children(trail[-1]) if _holds(c.span, place)), None)
        if inner is None:
            break
        trail.append(inner)
    start = next(
        (i for i, n in enumerate(trail) if isinstance(n, ast.Entry) and n.key.text == "when"), None
    )
    if start is None or start + 1 >= len(trail):
        return None
    bodies = [i for i, (a, b) in enumerate(pairwise(trail)) if _is_body(a, b)]
    start = max([start, *bodies])
    part = trail[start + 1]
    for node in trail[start + 1 :]:
        if isinstance(node, ast.BinaryOf) and node.op in ("and", "or"):
            continue
        part = node
        break
    comparison = isinstance(part, ast.BinaryOf | ast.CallOf | ast.UnaryOf)
    return part.span if comparison else None


def _is_body(call: ast.Tree, argument: ast.Tree) -> bool:
    """True for what is asked of each item: a name in it is known only there."""
    items = isinstance(call, ast.CallOf) and isinstance(call.callee, ast.MemberAccess) and (
        call.callee.name.text in LIST_METHODS
    )  # fmt: skip
    return items and isinstance(call, ast.CallOf) and argument is call.arguments[-1]


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def allow_comment(snapshot: Snapshot, diagnostic: Diagnostic) -> Iterator[CodeAction]:
    """A comment that allows a warning, on the line before it."""
    source = snapshot.sources.get(diagnostic.span.path)
    if diagnostic.severity is not Severity.WARNING or source is None or (
        diagnostic.code == "FQL208"
    ):  # fmt: skip
        return
    edit = _allowing(source, diagnostic)
    if edit is not None:
        title = f"allow {diagnostic.code} here"
        yield CodeAction(title, ActionKind.QUICK_FIX, (edit,), (diagnostic,))


def _allowing(source: SourceText, diagnostic: Diagnostic) -> Edit | None:
    number = source.position(diagnostic.span.start).line
    line = source.text.rfind("\n", 0, diagnostic.span.start) + 1
    for near in (number, number - 1):
        found = _ALLOWS.search(source.line(near))
        if found is not None:
            start = source.text.find(source.line(near)) if near == 1 else _start(source, near)
            at = start + found.end("codes")
            return Edit(Span(source.path, at, at), f", {diagnostic.code}")
    if around(source.text, line).token is not None:
        return None  # the line begins within a text
    text = source.line(number)
    indent = text[: len(text) - len(text.lstrip())]
    comment = f"{indent}# fql: allow {diagnostic.code} say why\n"
    return Edit(Span(source.path, line, line), comment)


def _start(source: SourceText, number: int) -> int:
    """Where a line begins."""
    position = 0
    for _ in range(number - 1):
        position = source.text.find("\n", position) + 1
    return position
