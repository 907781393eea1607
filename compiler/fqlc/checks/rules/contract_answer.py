"""FQL431: a `response` that does not take every answer that the contract allows."""

from __future__ import annotations

from itertools import islice

from fqlc.checks.contract.judged import Bound, bound_actions
from fqlc.checks.model import Program
from fqlc.contracts.judging.parts.unions import subject
from fqlc.contracts.judging.taken import untaken
from fqlc.contracts.shapes import answered
from fqlc.diagnostics.sink import Sink
from fqlc.syntax.tree import ast

MOST_FINDINGS = 5
"""Differences that are reported of one answer."""


def check(program: Program, sink: Sink) -> None:
    """Judge each action that has a contract and declares its `response`."""
    for bound in bound_actions(program):
        entries = bound.action.block.entries
        entry = next((e for e in entries if e.key.text == "response"), None)
        if entry is not None and isinstance(entry.value, ast.NameUse | ast.ListLiteral):
            _judge(bound, entry, sink)


def _judge(bound: Bound, entry: ast.Entry, sink: Sink) -> None:
    of, shape = bound.action.response, answered(bound.contract.operation)
    if of is None or shape is None:
        return
    found = untaken(of, shape, bound.program.project)
    for one in islice(found, MOST_FINDINGS):
        about = f"{subject(one.path)} of the answer" if one.path else "the answer"
        sink.error(
            "FQL431", f"{about} {one.says}", entry.value.span,
            label="does not take every answer",
            labels=(one.place.label(one.there),) if one.place.file else (),
            help=("declare it as the contract does, or leave out `response`",),
        )  # fmt: skip
