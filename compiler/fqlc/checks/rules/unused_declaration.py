"""FQL207: a declaration that nothing uses (a warning)."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.checks.model import Program
from fqlc.checks.table.blocks import BLOCKS
from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.diagnostics.sink import Sink
from fqlc.names.symbols import Symbol
from fqlc.source.text import Span
from fqlc.syntax.tree import ast

KINDS = ("entity", "type", "enum", "endpoint", "retry", "let")
"""What is declared to be used by others. An observer is there for itself."""


def check(program: Program, sink: Sink) -> None:
    """Report unused declarations of the files that were given; imported ones may serve others.

    Nothing is reported while a declaration could not be read: it may have been the user.
    """
    project = program.project
    if project.broken or project.incomplete or any(s.broken for s in _all(program)):
        return
    unused = [s for s in _candidates(program) if (s.kind, s.name) not in project.uses.seen]
    mentioned = _mentioned(program) if unused else frozenset()
    for symbol in unused:
        if symbol.path in program.roots and symbol.name not in mentioned:
            sink.add(unused_warning(symbol.kind, symbol.name, symbol.span))


def unused_warning(kind: str, name: str, span: Span) -> Diagnostic:
    """FQL207 for a declaration; `span` is the stretch of its name."""
    return Diagnostic(
        "FQL207",
        f"the {_word(kind)} `{name}` is never used",
        span,
        Severity.WARNING,
        label="never used",
        help=("remove it, or use it",),
    )


def _candidates(program: Program) -> Iterator[Symbol]:
    project = program.project
    for group in (project.entities, project.types, project.enums, project.endpoints):
        yield from group.values()
    yield from project.retries.values()
    yield from project.lets.values()


def _mentioned(program: Program) -> frozenset[str]:
    """Names under unknown keys: the key was reported, and is the one cause."""
    names: set[str] = set()
    for file in program.project.files:
        for block in file.declarations:
            if isinstance(block, ast.Block):
                names.update(_under_unknown_keys(block))
    return frozenset(names)


def _under_unknown_keys(block: ast.Block) -> Iterator[str]:
    kind = BLOCKS.get(block.kind.text)
    for entry in block.entries:
        unknown = kind is None or kind.key(entry.key.text) is None
        if unknown and isinstance(entry.value, ast.NameUse):
            yield entry.value.text
    for child in block.blocks:
        yield from _under_unknown_keys(child)


def _all(program: Program) -> Iterator[Symbol]:
    yield from _candidates(program)
    yield from program.project.observers.values()


def _word(kind: str) -> str:
    return "retry policy" if kind == "retry" else f"`{kind}`" if kind == "let" else kind
