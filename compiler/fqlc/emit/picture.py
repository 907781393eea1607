"""A plan as a picture, before any notation: clusters of nodes, edges, words on them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from fql.plan.kinds import function_of, subject_of
from fql.plan.language.nodes import load_expression
from fql.plan.model import Json, NodeConfig, Observer, Plan, PlanNode
from fql.plan.show import show
from fqlc.checks.flow.graph import implied


@dataclass(frozen=True, slots=True)
class Node:
    """An action: where it sends, and its condition in the words of the language."""

    name: str
    kind: str
    target: str
    when: str
    doc: str
    batched: bool = False
    policies: tuple[tuple[str, object, str], ...] = ()
    """Each policy that was set, with its stored value and where it was set."""


@dataclass(frozen=True, slots=True)
class Edge:
    """From an action, or from the event (None), to an action."""

    source: str | None
    target: str
    kind: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """An observer."""

    name: str
    doc: str
    on: str
    when: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All observers that are drawn."""

    clusters: tuple[Cluster, ...]


def picture_of(plan: Plan, only: Collection[str] = ()) -> Picture:
    """The picture of a plan; of the named observers only, if any are named."""
    observers = [o for o in plan.observers if not only or o.name in only]
    return Picture(tuple(_cluster(o) for o in observers))


def reduced(picture: Picture) -> Picture:
    """The picture without ordinary edges that other ordinary edges imply (transitive reduction)."""
    return Picture(tuple(_reduced(cluster) for cluster in picture.clusters))


def _reduced(cluster: Cluster) -> Cluster:
    pairs = [(e.source, e.target) for e in cluster.edges if e.source and e.kind != "failure"]
    if len({target for _, target in pairs}) == len(pairs):
        return cluster
    extra = implied(pairs)
    kept = tuple(
        e for e in cluster.edges if e.kind == "failure" or (e.source or "", e.target) not in extra
    )
    return replace(cluster, edges=kept)


def _cluster(observer: Observer) -> Cluster:
    return Cluster(
        name=observer.name,
        doc=observer.doc,
        on=on_text(observer),
        when=condition_text(observer.when),
        nodes=tuple(_node(n) for n in observer.nodes),
        edges=tuple(Edge(e.source, e.to, e.kind) for e in observer.edges),
    )


def _node(node: PlanNode) -> Node:
    return Node(
        name=node.name,
        kind=node.kind,
        target=target_text(node.config),
        when=condition_text(node.when),
        doc=node.doc,
        batched="batch.size" in node.policies,
        policies=tuple((k, s.value, str(s.origin)) for k, s in sorted(node.policies.items())),
    )


def on_text(observer: Observer) -> str:
    """What an observer watches, such as `Order.insert, Order.update`."""
    return ", ".join(f"{trigger.entity}.{trigger.event}" for trigger in observer.on)


def condition_text(stored: Json | None) -> str:
    """A condition as one writes it; empty without one."""
    return "" if stored is None else show(load_expression(stored))


def target_text(config: NodeConfig) -> str:
    """Where an action sends, such as `POST shipping/labels/{{ id }}`, `publish orders.shipped` or
    `call stock.reserve`."""
    if (subject := subject_of(config)) is not None:
        return f"publish {_plain(subject)}"
    if function := function_of(config):
        return f"call {function}"
    place = (config.endpoint or "") + _plain(config.path)
    return f"{config.method} {_plain(config.url) or place}"


def _plain(stored: Json | None) -> str:
    """A text without the quotes that `show` puts round it."""
    return "" if stored is None else show(load_expression(stored)).strip('"')


def shortened(text: str, width: int) -> str:
    """At most `width` characters, the cut marked."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
