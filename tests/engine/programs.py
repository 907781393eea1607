"""Small programs made by hand: graphs as text, actions that are never performed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import orjson

from fql.actions.port import Delivery, Outcome, Request
from fql.engine.program.graph import Graph, build_graph
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy, NodeSpec, ObserverSpec, Program
from fql.events.model import Event, Row
from fql.expressions.scope import Scope
from fql.plan.model import Edge
from fql.plan.policies import RetryPolicy

EXACT = RetryPolicy(jitter="none")


class NoAction:
    """Renders nothing and is performed by the test."""

    def render(self, scope: Scope) -> Request:
        return Request("POST", None, (), b"", {"id": scope.id})

    async def perform(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        raise AssertionError("the test plays the receiver")


def edges_of(flow: str) -> tuple[list[str], list[Edge]]:
    """`a, a>b, a!c`: nodes in order of mention; `>` on success, `!` on failure."""
    names: list[str] = []
    edges: list[Edge] = []
    targets: set[str] = set()
    for part in flow.replace(" ", "").split(","):
        sign = "!" if "!" in part else ">"
        source, _, target = part.partition(sign)
        for name in (source, target):
            if name and name not in names:
                names.append(name)
        if target:
            kind = "failure" if sign == "!" else "sequence"
            edges.append(Edge.model_validate({"from": source, "to": target, "kind": kind}))
            targets.add(target)
    starts = [
        Edge.model_validate({"from": None, "to": name, "kind": "sequence"})
        for name in names
        if name not in targets
    ]
    return names, starts + edges


def graph_of(flow: str) -> tuple[list[str], Graph]:
    names, edges = edges_of(flow)
    return names, build_graph(names, edges)


def observer(
    flow: str,
    name: str = "watch",
    *,
    retry: RetryPolicy = EXACT,
    endpoint: str | Callable[[str], str] = "here",
    when: Mapping[str, Callable[[Scope], bool]] | None = None,
    batch: Mapping[str, BatchPolicy] | None = None,
    order_by: Callable[[Scope], str | None] | None = None,
    block_on_dead: bool = False,
    max_age: int | None = None,
    plan: str = "p1",
) -> ObserverSpec:
    names, edges = edges_of(flow)
    nodes = tuple(
        NodeSpec(
            index=index,
            name=node,
            observer=name,
            endpoint=endpoint if isinstance(endpoint, str) else endpoint(node),
            retry=retry,
            timeout=1000,
            action=NoAction(),
            when=(when or {}).get(node),
            batch=(batch or {}).get(node),
            max_age=max_age,
            restore_answer=lambda stored: stored,
        )
        for index, node in enumerate(names)
    )
    return ObserverSpec(
        name, plan, f"sha256:{plan}", nodes, build_graph(names, edges), order_by, block_on_dead
    )


def program(
    *observers: ObserverSpec,
    limits: Mapping[str, EndpointLimits] | None = None,
    matching: Callable[[Event], Sequence[str]] | None = None,
) -> Program:
    plan = observers[0].plan
    names = tuple(each.name for each in observers)

    def restore(entity: str, kind: str, payload: bytes) -> tuple[Row | None, Row | None]:
        return orjson.loads(payload)["new"], None

    return Program(
        plan,
        f"sha256:{plan}",
        {each.name: each for each in observers},
        lambda event: tuple(matching(event)) if matching else names,
        restore,
        limits or {},
    )


def event(number: int, **row: object) -> Event:
    new = {"id": number, **row}
    return Event(
        entity="Order",
        kind="insert",
        new=new,
        old=None,
        id=f"e{number}",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        source="source",
        position=str(number),
        payload=orjson.dumps({"new": new, "old": None}),
        key=None,
        context={},
    )
