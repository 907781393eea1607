"""FQL308: a comma in a flow that looks like "and", but ends a chain (a warning)."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.checks.model import Program
from fqlc.diagnostics.model import Edit, Fix
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


def check(program: Program, sink: Sink) -> None:
    """Report lone steps that follow a chain after a comma: `label -> crm, stats`."""
    for observer in program.observers:
        flow = observer.block.flow
        if flow is not None:
            for chain, lone in _pairs(flow):
                _report(chain, lone, sink)


def _pairs(flow: ast.Flow) -> Iterator[tuple[ast.Chain, list[ast.Step]]]:
    """Each chain with the lone steps that commas join to it."""
    chain: ast.Chain | None = None
    row: list[ast.Step] = []
    for statement in flow.statements:
        step = _lone(statement)
        if chain is not None and step is not None:
            row.append(step)
            continue
        if chain is not None and row:
            yield chain, row
        chain, row = _chain_of(statement), []
    if chain is not None and row:
        yield chain, row


def _chain_of(statement: ast.Chain | ast.ElseChain) -> ast.Chain | None:
    """What a statement says to come after something."""
    if isinstance(statement, ast.ElseChain):
        return statement.chain
    return statement if len(statement.steps) > 1 else None


def _lone(statement: ast.Chain | ast.ElseChain) -> ast.Step | None:
    """The step of a statement that is nothing else, after a comma."""
    if not isinstance(statement, ast.Chain) or not statement.after_comma:
        return None
    first, *rest = statement.steps
    return first if isinstance(first, ast.Step) and not rest else None


def _report(chain: ast.Chain, lone: list[ast.Step], sink: Sink) -> None:
    last = chain.steps[-1]
    name = last.name if isinstance(last, ast.Step) else "[...]"
    names = ", ".join(step.name for step in lone)
    begin = Span(last.span.path, last.span.start, last.span.start)
    end = Span(last.span.path, lone[-1].span.end, lone[-1].span.end)
    sink.warning(
        "FQL308",
        f"`{lone[0].name}` does not wait for the chain before it: the comma ends the chain",
        lone[0].span.to(lone[-1].span),
        label="runs at once",
        help=(
            f"to run them side by side write `-> [{name}, {names}]`",
            "if this is intended, put it on a line of its own",
        ),
        fix=Fix((Edit(begin, "["), Edit(end, "]")), safe=False),
    )
