"""Buffers of batches."""

from __future__ import annotations

from fql.engine.core.held.runs import Run
from fql.engine.program.model import NodeSpec

BufferKey = tuple[str, str, int]
"""Short plan digest, observer, index of the node."""


class Buffer:
    """Events that wait for a batch to fill or its time to come."""

    __slots__ = ("due", "runs")

    def __init__(self, due: int) -> None:
        self.due = due
        self.runs: list[Run] = []

    def node(self, index: int) -> NodeSpec | None:
        """What its members wait for, as they know it: they go by what was prepared last. No plan
        is looked up, so a buffer can be sealed whatever has become of its plan."""
        return self.runs[0].works[index].spec if self.runs else None
