"""A plan made ready to run: conditions compiled, graphs built, policies read, actions joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from fql.actions.port import Action
from fql.engine.program.fit import Measure
from fql.engine.program.graph import Graph
from fql.engine.program.limits import EndpointLimits
from fql.events.intake import Intake
from fql.events.model import Event, Row
from fql.expressions.scope import Scope
from fql.outbox.readers import Readers
from fql.plan.model import Plan
from fql.plan.policies import RetryPolicy
from fql.store.records import StoredPlan

Condition = Callable[[Scope], bool]


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """How many events one call takes, and how long the first waits, in milliseconds."""

    size: int
    timeout: int


@dataclass(frozen=True, slots=True, eq=False)
class NodeSpec:
    """One action of an observer. `endpoint` is a name or an origin; `max_age` None means never
    too old. `restore_answer` turns a stored answer back into typed values."""

    index: int
    name: str
    observer: str
    endpoint: str
    retry: RetryPolicy
    timeout: int
    action: Action
    when: Condition | None = None
    batch: BatchPolicy | None = None
    max_age: int | None = None
    restore_answer: Callable[[object], object] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ObserverSpec:
    """One observer of a plan. `order_by` gives the text of the order key, or None; `batches` says
    that some of its nodes are sent in batches. `blocked` says why nothing of it can be sent, where
    that is so."""

    name: str
    plan: str
    digest: str
    nodes: tuple[NodeSpec, ...]
    graph: Graph
    order_by: Callable[[Scope], str | None] | None = None
    block_on_dead: bool = False
    blocked: str = ""
    batches: bool = field(init=False)

    def __post_init__(self) -> None:
        batches = any(node.batch is not None for node in self.nodes)
        object.__setattr__(self, "batches", batches)

    def node(self, name: str) -> NodeSpec | None:
        """The node of this name."""
        return next((node for node in self.nodes if node.name == name), None)


class Unjudged(str):
    """The name of an observer whose condition raised; `fault` says what."""

    __slots__ = ("fault",)
    fault: str

    def __new__(cls, name: str, fault: str) -> Self:
        """A name that carries a fault."""
        made = super().__new__(cls, name)
        made.fault = fault
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A whole plan. `matching` gives the names of the observers for an event, with a fault where
    that could not be judged; `restore` turns a stored payload back into typed rows;
    `readers` read what triggers wrote. `receivers` are the endpoints of its actions, each with the
    most milliseconds that it can ask us to wait (without them, those of `observers`). `blocked`
    says why nothing of it can be sent, where that is so: its stored runs can still be looked at
    and cancelled."""

    short: str
    digest: str
    observers: Mapping[str, ObserverSpec]
    matching: Callable[[Event], tuple[str, ...]]
    restore: Callable[[str, str, bytes], tuple[Row | None, Row | None]]
    limits: Mapping[str, EndpointLimits] = field(default_factory=dict)
    blob: bytes = b""
    plan: Plan | None = None
    intake: Intake | None = None
    blocked: str = ""
    measure: Measure | None = None
    readers: Readers = field(default_factory=dict)
    receivers: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.receivers:
            nodes = [node for spec in self.observers.values() for node in spec.nodes]
            waits: dict[str, int] = {}
            for node in nodes:
                longest = max(waits.get(node.endpoint, 0), node.retry.retry_after_max)
                waits[node.endpoint] = longest
            object.__setattr__(self, "receivers", waits)

    def stored(self, at: int) -> StoredPlan:
        """The plan as a store keeps it from the time `at` on, in milliseconds since 1970."""
        return StoredPlan(self.short, self.digest, self.blob, at)


def short_digest(digest: str) -> str:
    """What rows carry instead of a whole digest."""
    return digest.removeprefix("sha256:")[:16]
