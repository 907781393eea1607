"""FQL307: an observer that does nothing."""

from __future__ import annotations

from fqlc.checks.model import Program
from fqlc.checks.table.blocks import OBSERVER
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Report each sound observer without a single action."""
    for observer in program.observers:
        meant = any(OBSERVER.key(entry.key.text) is None for entry in observer.block.entries)
        if meant:  # Unknown keys were reported: `webhook: { ... }` would be an action.
            continue
        if not observer.actions and observer.block.sound and not observer.block.blocks:
            sink.error(
                "FQL307",
                f"`{observer.name}` has no actions",
                observer.block.header,
                label="watches, but does nothing",
                help=('add one: `webhook NAME { url: "https://..." }`',),
            )
