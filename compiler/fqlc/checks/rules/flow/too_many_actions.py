"""FQL390: more actions than an observer may have, or more edges than a flow."""

from __future__ import annotations

from fql.plan.limits import MOST_ACTIONS, MOST_EDGES
from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Report observers beyond the limit."""
    for observer in program.observers:
        if len(observer.actions) > MOST_ACTIONS:
            sink.error(
                "FQL390",
                f"`{observer.name}` has {len(observer.actions)} actions, more than {MOST_ACTIONS}",
                observer.block.header,
                label="too many actions",
                help=("split it into several observers",),
            )
        elif observer.graph.beyond and observer.block.flow is not None:
            sink.error(
                "FQL390",
                f"the flow of `{observer.name}` has {observer.graph.beyond:,} edges, more than"
                f" {MOST_EDGES:,}",
                observer.block.flow.span,
                label="too many edges",
                help=("each action in a bracket waits for all actions in the bracket before it:"
                      " put one action between them",),
            )  # fmt: skip
