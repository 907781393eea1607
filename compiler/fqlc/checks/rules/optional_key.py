"""FQL206: a key with `?` where nothing could be left out."""

from __future__ import annotations

from collections.abc import Iterator

from fql.near import nearest
from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk

VALUES = frozenset({"body", "arguments"})
"""Keys whose objects are values that are sent. In all others an object is a table of settings,
of headers or of rows, each with a meaning of its own."""


def check(program: Program, sink: Sink) -> None:
    """Report each optional key that has no effect."""
    for file in program.project.files:
        for block in file.declarations:
            if isinstance(block, ast.Block):
                for span in _idle(block):
                    sink.error(
                        "FQL206", "only a key of a body can be left out", span,
                        label="`?` has no effect here", help=("remove the `?`",),
                    )  # fmt: skip


def _idle(block: ast.Block) -> Iterator[Span]:
    for entry in block.entries:
        if entry.key.text in VALUES or nearest(entry.key.text, VALUES):
            continue
        for node in walk(entry.value):
            if isinstance(node, ast.ObjectEntry) and node.optional:
                yield node.span
    for child in block.blocks:
        yield from _idle(child)
