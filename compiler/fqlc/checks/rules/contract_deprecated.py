"""FQL417: an operation that its contract calls deprecated."""

from __future__ import annotations

from fqlc.checks.contract.judged import bound_actions
from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Report each action that uses one, where its path is written."""
    for bound in bound_actions(program):
        operation, target = bound.contract.operation, bound.action.target
        if operation.deprecated:
            written = target.path or target.url
            sink.warning(
                "FQL417", f"{operation.name} is deprecated",
                bound.action.block.header if written is None else written.literal.span,
                label="deprecated",
                labels=(operation.place.label("`deprecated`"),) if operation.place.file else (),
            )  # fmt: skip
