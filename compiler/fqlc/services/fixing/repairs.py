"""Repairs that go further than the fixes of the checker: a guard, a field, an allow comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fql.plan.language.types import ERROR, JSON, STRING, UNWRITTEN, Type
from fqlc.diagnostics.model import Diagnostic, Edit, Severity
from fqlc.services.answers import ActionKind, CodeAction
from fqlc.services.probing.lexical import around
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import SourceText, Span
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children

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
    part = trail[start + 1]
    for node in trail[start + 1 :]:
        if isinstance(node, ast.BinaryOf) and node.op in ("and", "or"):
            continue
        part = node
        break
    comparison = isinstance(part, ast.BinaryOf | ast.CallOf | ast.UnaryOf)
    return part.span if comparison else None


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def missing_field(snapshot: Snapshot, diagnostic: Diagnostic) -> Iterator[CodeAction]:
    """Declare a field that is not there, of the type that is expected where it is used."""
    if diagnostic.code not in ("FQL201", "FQL311") or not diagnostic.labels:
        return
    owner = snapshot.index.at(diagnostic.labels[0].span.path, diagnostic.labels[0].span.start)
    source = snapshot.sources.get(diagnostic.span.path)
    row = snapshot.program.project.row(owner.thing.name) if owner is not None else None
    if row is None or source is None or row.broken or owner is None or owner.span != row.span:
        return
    name = source.text[diagnostic.span.start : diagnostic.span.end]
    if not name.isidentifier() or row.named(name) is not None:
        return
    symbols = {**snapshot.program.project.entities, **snapshot.program.project.types}
    declaration = symbols[row.name].declaration
    if isinstance(declaration, ast.EntityDeclaration | ast.TypeDeclaration):
        edit = _field_edit(snapshot, declaration, f"{name}: {_expected(snapshot, diagnostic.span)}")
        title = f"declare `{name}` in `{row.name}`"
        yield CodeAction(title, ActionKind.QUICK_FIX, (edit,), (diagnostic,))


def _field_edit(
    snapshot: Snapshot, declaration: ast.EntityDeclaration | ast.TypeDeclaration, text: str
) -> Edit:
    """A field after the last one."""
    path = declaration.span.path
    brace = declaration.span.end - 1
    if not declaration.fields:
        return Edit(Span(path, brace, brace), f" {text} ")
    last = declaration.fields[-1].span
    source = snapshot.sources[path]
    line = source.text.rfind("\n", 0, last.start) + 1
    indent = source.text[line : last.start]
    between = f"\n{indent}" if not indent.strip() else "  "
    return Edit(Span(path, last.end, last.end), f"{between}{text}")


def _expected(snapshot: Snapshot, span: Span) -> Type:
    """The type that a use expects; a text where nothing is known."""
    for heard in snapshot.trace.around(span.path, span.end):
        if heard.written.span.end == span.end and heard.expected is not None:
            of = heard.expected.required()
            if of != ERROR and of.name not in UNWRITTEN and of.name != "Duration":
                return of
            return JSON if of.name == "Object" else STRING
    return STRING


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
