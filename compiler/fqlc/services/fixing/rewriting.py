"""The same program written in another way: a value with a name, an order as a flow."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.diagnostics.model import Edit
from fqlc.services.answers import ActionKind, CodeAction
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span
from fqlc.syntax.printing.comments import start_of
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children

_LITERALS = ast.NumberLiteral | ast.StringLiteral | ast.DurationLiteral
_EXPRESSIONS = frozenset({"when", "body", "order_by", "arguments"})


def extract_let(snapshot: Snapshot, span: Span) -> Iterator[CodeAction]:
    """A literal of a condition or body as a `let` before the declaration."""
    declaration = snapshot.declaration_at(span.path, span.start)
    if not isinstance(declaration, ast.Block) or declaration.kind.text != "observer":
        return
    found = _literal(declaration, span)
    source = snapshot.sources.get(span.path)
    if found is None or source is None or not declaration.sound:
        return
    written = source.text[found.span.start : found.span.end]
    name = _free_name(snapshot)
    at = start_of(declaration)
    edits = (
        Edit(Span(span.path, at, at), f"let {name} = {written}\n\n"),
        Edit(found.span, name),
    )
    yield CodeAction(f"make `{written[:30]}` a `let`", ActionKind.EXTRACT, edits)


def _literal(block: ast.Block, span: Span) -> _LITERALS | None:
    """The literal in an expression of a block that a stretch is in."""
    node: ast.Tree = block
    expression = False
    while True:
        inner = next((c for c in children(node) if _holds(c.span, span)), None)
        if inner is None:
            break
        if isinstance(inner, ast.Entry):
            expression = inner.key.text in _EXPRESSIONS
        if isinstance(inner, ast.CallOf):
            expression = False  # some arguments must be literals
        node = inner
    if not expression or not isinstance(node, _LITERALS):
        return None
    if isinstance(node, ast.StringLiteral) and (
        node.is_template or node.environment or node.triple
    ):
        return None
    return node


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _free_name(snapshot: Snapshot) -> str:
    """A name that nothing in the project has."""
    taken = {thing.name for thing in snapshot.index.things()}
    number = 1
    while (name := "value" if number == 1 else f"value_{number}") in taken:
        number += 1
    return name


def explicit_flow(snapshot: Snapshot, span: Span) -> Iterator[CodeAction]:
    """The order in which actions are written, as a `flow`."""
    block = snapshot.block_at(span.path, span.start)
    source = snapshot.sources.get(span.path)
    if block is None or source is None or not _is_on_head(block, span) or not block.sound:
        return
    names = [child.name.text for child in block.blocks if child.name is not None]
    if block.kind.text != "observer" or block.flow is not None or len(names) < 2:
        return
    if len(set(names)) < len(names):
        return
    end = block.span.end - 1
    line = source.text.rfind("\n", 0, end) + 1
    alone = not source.text[line:end].strip()
    at = line if alone else end
    flow = f"flow {{ {' -> '.join(names)} }}"
    text = f"\n  {flow}\n" if alone else f" {flow} "
    yield CodeAction("write the order as a `flow`", ActionKind.REWRITE, (
        Edit(Span(span.path, at, at), text),
    ))  # fmt: skip


def _is_on_head(block: ast.Block, span: Span) -> bool:
    return block.header.start <= span.start <= block.header.end
