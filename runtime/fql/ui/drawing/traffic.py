"""What has gone through an observer, and what waits in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fql.engine.program.receivers import endpoint_name
from fql.plan.model import Edge, Observer, PlanNode
from fql.store.showing.history import Minute
from fql.ui.present.now import HELD, Now
from fql.ui.present.numbers import Hour, hours_of

MOST_NAMED = 2
"""Actions that are named, of those that another one waits for."""
ALARMING = ("circuit", "paused", "retry_after")


@dataclass(frozen=True, slots=True)
class Traffic:
    """Of one observer: what was counted of it and of its actions in a time, dead letters by action,
    and the engines now. Without `counted` no number is put at an edge."""

    whole: Hour = field(default_factory=Hour)
    actions: Mapping[str, Hour] = field(default_factory=dict)
    dead: Mapping[str, int] = field(default_factory=dict)
    now: Now = field(default_factory=Now)
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Doing:
    """An action now: what is on the wire, what waits and why, what its endpoint is held back by."""

    wire: int = 0
    waits: str = ""
    held: str = ""


def names_of(observer: Observer) -> tuple[str, ...]:
    """What its numbers by the minute are called."""
    return (observer.name, *(f"{observer.name}/{node.name}" for node in observer.nodes))


def traffic_of(
    observer: Observer,
    found: Sequence[Minute] | None,
    dead: Mapping[tuple[str, str], int],
    now: Now,
) -> Traffic:
    """From numbers by the minute, where they were found in time, and dead letters by observer and
    action."""
    minutes = found or ()
    actions = hours_of(minutes, "action")
    whole = hours_of(minutes, "observer").get(observer.name, Hour())
    mine = {
        node.name: actions.get(f"{observer.name}/{node.name}", Hour()) for node in observer.nodes
    }
    letters = {node.name: dead.get((observer.name, node.name), 0) for node in observer.nodes}
    return Traffic(whole, mine, letters, now, counted=found is not None)


def passed(observer: Observer, edge: Edge, traffic: Traffic) -> int | None:
    """How many runs went along an edge; None where that is not counted: a batch is one request of
    many runs."""
    if not traffic.counted:
        return None
    if not edge.source:
        return traffic.whole.of("runs")
    source = traffic.actions.get(edge.source, Hour())
    if edge.kind == "failure":
        return source.of("letters")
    node = next((one for one in observer.nodes if one.name == edge.source), None)
    return None if node is None or "batch.size" in node.policies else source.passed


def doing(observer: Observer, node: PlanNode, traffic: Traffic) -> Doing:
    """What an action does now."""
    states = traffic.now.actions.get(f"{observer.name}/{node.name}", {})
    endpoint = traffic.now.endpoints.get(endpoint_name(node, {}))
    held = "" if endpoint is None else endpoint.held_back
    if endpoint is not None and endpoint.open_until:
        held = "circuit"
    return Doing(
        states.get("armed", 0),
        ", ".join(_waits(states, _behind(observer, node, traffic.now), HELD.get(held, ""))),
        HELD[held] if held in ALARMING else "",
    )


def _behind(observer: Observer, node: PlanNode, now: Now) -> str:
    """What an action waits for: of those before it the ones that have something to do."""
    sources = [edge.source for edge in observer.edges if edge.to == node.name and edge.source]
    busy = [one for one in sources if now.actions.get(f"{observer.name}/{one}")]
    return f" for {', '.join(busy[:MOST_NAMED])}" if busy else ""


def _waits(states: Mapping[str, int], behind: str, held: str) -> Iterable[str]:
    reason = f": {held}" if held else ""
    for state, words in (
        ("ready", f"ready{reason}"), ("scheduled", "tried again later"), ("buffered", "collected"),
        ("waiting", f"wait{behind}"),
    ):  # fmt: skip
        if states.get(state):
            yield f"{states[state]:,} {words}"
