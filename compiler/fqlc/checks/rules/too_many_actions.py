"""FQL390: more actions than an observer may have."""

from __future__ import annotations

from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink

MOST_ACTIONS = 256
"""Actions of one observer: a picture and a dead letter of more helps nobody."""


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
