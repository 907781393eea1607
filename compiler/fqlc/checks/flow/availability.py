"""What is certain when an action runs: which actions ended well before it, which are dead.

A fact of an action holds in every run in which the action runs. An edge can be settled in several
ways (its source ended well; it is dead and its `else` chain leads here too; it was skipped
because the failure that would have started it did not happen); what all of them have in common is
certain, and the edges of a join add up, because a join waits for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from fqlc.checks.flow.flows import FlowEdge, FlowGraph, reached

Fact = tuple[Literal["ok", "dead"], str]
"""`ok`: done, or skipped by its own `when`. `dead`: out of attempts."""


@dataclass(frozen=True)
class Certainty:
    """The facts of each action of a graph without rings."""

    graph: FlowGraph

    @cached_property
    def _facts(self) -> dict[str, frozenset[Fact]]:
        facts: dict[str, frozenset[Fact]] = {}
        for name in self.graph.order or ():
            facts[name] = self._of(name, facts)
        return facts

    @cached_property
    def regions(self) -> dict[str, frozenset[str]]:
        """For each action the ones whose death it needs in order to run at all."""
        found: dict[str, set[str]] = {name: set() for name in self.graph.names}
        for source in self.graph.names:
            closed = frozenset(e for e in self.graph.out_of[source] if e.failure)
            if closed:
                alive = reached(self.graph, self.graph.entries, closed | self._overruled)
                for name in set(self.graph.names) - alive:
                    found[name].add(source)
        return {name: frozenset(sources) for name, sources in found.items()}

    @cached_property
    def _overruled(self) -> frozenset[FlowEdge]:
        """Ordinary edges into a target of `else`: they cannot start it by themselves."""
        return frozenset(
            e
            for edges in self.graph.into.values()
            if any(e.failure for e in edges)
            for e in edges
            if not e.failure
        )

    def holds(self, name: str, fact: Fact) -> bool:
        """True when the fact is certain whenever the action runs."""
        return fact in self._facts.get(name, frozenset())

    def dead_before(self, name: str) -> tuple[str, ...]:
        """The actions that are certainly dead when this one runs, in the order written."""
        dead = {n for kind, n in self._facts.get(name, ()) if kind == "dead"}
        return tuple(n for n in self.graph.names if n in dead) if dead else ()

    def _of(self, name: str, facts: dict[str, frozenset[Fact]]) -> frozenset[Fact]:
        failures = [e for e in self.graph.into[name] if e.failure]
        certain: set[Fact] = set()
        if failures:
            certain |= _common(
                [facts[e.source.name] | _fact("dead", e.source.name) for e in failures]
            )
        for edge in self.graph.into[name]:
            if not edge.failure:
                certain |= _common(self._ways(edge, facts))
        return frozenset(certain)

    def _ways(self, edge: FlowEdge, facts: dict[str, frozenset[Fact]]) -> list[frozenset[Fact]]:
        source, target = edge.pair
        ways = [facts[source] | _fact("ok", source)]
        if target in self._else_reach[source]:
            ways.append(facts[source] | _fact("dead", source))
        missing = self.regions[source] - self.regions[target]
        return ways + [facts[needed] | _fact("ok", needed) for needed in missing]

    @cached_property
    def _else_reach(self) -> dict[str, frozenset[str]]:
        return {
            name: reached(self.graph, [e.target.name for e in self.graph.out_of[name] if e.failure])
            for name in self.graph.names
        }


def _fact(kind: Literal["ok", "dead"], name: str) -> frozenset[Fact]:
    return frozenset({(kind, name)})


def _common(ways: list[frozenset[Fact]]) -> frozenset[Fact]:
    """What holds whichever way it was."""
    return frozenset.intersection(*ways)
