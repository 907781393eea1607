"""FQL207: a declaration that nothing uses (a warning)."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink
from fqlc.names.symbols import Symbol


def check(program: Program, sink: Sink) -> None:
    """Report unused declarations of the files that were given; imported ones may serve others.

    Nothing is said while a declaration could not be read: it may have been the user.
    """
    project = program.project
    if project.broken or any(s.broken for s in _all(program)):
        return
    for symbol in _candidates(program):
        if not project.uses.has(symbol.kind, symbol.name) and symbol.path in program.roots:
            sink.warning(
                "FQL207",
                f"the {_word(symbol.kind)} `{symbol.name}` is never used",
                symbol.span,
                label="never used",
                help=("remove it, or use it",),
            )


def _candidates(program: Program) -> Iterator[Symbol]:
    project = program.project
    for group in (project.entities, project.types, project.enums, project.endpoints):
        yield from group.values()
    yield from project.retries.values()
    yield from project.lets.values()


def _all(program: Program) -> Iterator[Symbol]:
    yield from _candidates(program)
    yield from program.project.observers.values()


def _word(kind: str) -> str:
    return "retry policy" if kind == "retry" else f"`{kind}`" if kind == "let" else kind
