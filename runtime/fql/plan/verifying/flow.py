"""The flow of an observer: edges between its actions, without a ring."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from fql.plan.model import Edge
from fql.plan.verifying.refusal import Refused, short


def verify_flow(names: Sequence[str], edges: Sequence[Edge]) -> None:
    """Every action is reached from the event; no edge comes twice, none closes a ring."""
    after: dict[str, list[str]] = {name: [] for name in names}
    waiting = dict.fromkeys(names, 0)
    led_to: set[str] = set()
    seen: set[tuple[str | None, str]] = set()
    for edge in edges:
        _verify_edge(edge, after)
        if (edge.source, edge.to) in seen:
            raise Refused(f"an edge to {short(edge.to)} is written twice")
        seen.add((edge.source, edge.to))
        led_to.add(edge.to)
        if edge.source is not None:
            after[edge.source].append(edge.to)
            waiting[edge.to] += 1
    for name in names:
        if name not in led_to:
            raise Refused(f"nothing leads to the action {short(name)}")
    _verify_order(after, waiting)


def _verify_edge(edge: Edge, known: dict[str, list[str]]) -> None:
    for name in (edge.source, edge.to):
        if name is not None and name not in known:
            raise Refused(f"an edge names the action {short(name)}, which does not exist")
    if edge.source is None and edge.kind == "failure":
        raise Refused("the event itself cannot fail")


def _verify_order(after: dict[str, list[str]], waiting: dict[str, int]) -> None:
    free = deque(name for name, count in waiting.items() if not count)
    done = 0
    while free:
        done += 1
        for name in after[free.popleft()]:
            waiting[name] -= 1
            if not waiting[name]:
                free.append(name)
    if done < len(after):
        ring = next(name for name, count in waiting.items() if count)
        raise Refused(f"the edges form a cycle at {short(ring)}")
