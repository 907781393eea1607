"""Whose answers are read by later actions although no type is declared for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from fql.plan.answers import reads_in
from fql.plan.model import Plan


def read_without_type(plan: Plan) -> Iterator[int]:
    """The identities of nodes without `response:` whose answer is read anyway."""
    for observer in plan.observers:
        untyped = [node for node in observer.nodes if node.config.response is None]
        if len(observer.nodes) < 2 or not untyped:
            continue
        parts = [node.model_dump() for node in observer.nodes]
        names = {read.action for read in reads_in(parts) if read.what == "response"}
        yield from (id(node) for node in untyped if node.name in names)
