"""FQL303: an action that the flow does not name would never run."""

from __future__ import annotations

from fqlc.checks.model import Program
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Report each action that is missing in a flow; none where an unknown name is in it."""
    for observer in program.observers:
        graph = observer.graph
        named = {step.name for step in graph.steps}
        unknown = named - set(graph.names) - graph.unread
        if not graph.explicit or not observer.block.sound or unknown:
            continue
        flow = observer.block.flow
        for action in observer.actions:
            if action.name not in named:
                sink.error(
                    "FQL303",
                    f"`{action.name}` is declared, but no edge of the flow leads to it",
                    action.block.name.span if action.block.name else action.block.header,
                    label="never runs",
                    labels=(Label(flow.span, "the flow names every action that runs"),)
                    if flow
                    else (),
                    help=(f"add `{action.name}` to the flow, or remove it",),
                )
