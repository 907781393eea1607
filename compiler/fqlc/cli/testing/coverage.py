"""Which sub-conditions were true and false, and over which edges runs went, in all tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fql.plan.model import Edge, Observer, Plan
from fqlc.cli.testing.conditions import Where, sub_conditions, values
from fqlc.cli.testing.play import Played, walked_edges

EdgePair = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Condition:
    """A sub-condition of an observer (`action` None) or an action, and how often it was what."""

    action: str | None
    text: str
    true: int
    false: int

    @property
    def covered(self) -> int:
        """How many of its two values were seen."""
        return bool(self.true) + bool(self.false)


@dataclass(frozen=True, slots=True)
class ObserverCoverage:
    """One observer: its sub-conditions, and its edges with the number of runs that went there."""

    observer: Observer
    conditions: tuple[Condition, ...]
    edges: tuple[tuple[Edge, int], ...]

    @property
    def covered(self) -> int:
        """Values seen and edges gone."""
        return sum(c.covered for c in self.conditions) + sum(1 for _, n in self.edges if n)

    @property
    def total(self) -> int:
        """All that there is to see: two values for each sub-condition, and each edge."""
        return 2 * len(self.conditions) + len(self.edges)

    def missing(self) -> Iterator[str]:
        """What no test has shown, in words."""
        for condition in self.conditions:
            whose = f"`{condition.action}` when " if condition.action else "when "
            for value, seen in (("true", condition.true), ("false", condition.false)):
                if not seen:
                    yield f"{whose}`{condition.text}` is never {value}"
        for edge, count in self.edges:
            if not count:
                arrow = "else" if edge.kind == "failure" else "->"
                yield f"`{edge.source or 'event'} {arrow} {edge.to}` is never taken"


def measure(plan: Plan, played: Iterable[Played]) -> tuple[ObserverCoverage, ...]:
    """The coverage of each observer, those without tests included."""
    by_observer: dict[str, list[Played]] = {o.name: [] for o in plan.observers}
    for one in played:
        by_observer[one.observer.name].append(one)
    return tuple(_observer(o, by_observer[o.name]) for o in plan.observers)


def _observer(observer: Observer, played: Sequence[Played]) -> ObserverCoverage:
    seen: dict[tuple[Where, bool], int] = {}
    gone: dict[EdgePair, int] = {}
    for one in played:
        for item in values(one).items():
            seen[item] = seen.get(item, 0) + 1
        for pair in walked_edges(one):
            gone[pair] = gone.get(pair, 0) + 1
    conditions = tuple(
        Condition(where[0], text, seen.get((where, True), 0), seen.get((where, False), 0))
        for where, text in sub_conditions(observer).items()
    )
    edges = tuple((edge, gone.get((edge.source, edge.to), 0)) for edge in observer.edges)
    return ObserverCoverage(observer, conditions, edges)


def percent(found: Sequence[ObserverCoverage]) -> float:
    """The share of what was seen, 0 to 100; 100 where there is nothing to see."""
    total = sum(c.total for c in found)
    return 100.0 * sum(c.covered for c in found) / total if total else 100.0


def as_json(found: Sequence[ObserverCoverage]) -> dict[str, object]:
    """For programs."""
    return {
        "covered": sum(c.covered for c in found),
        "total": sum(c.total for c in found),
        "percent": round(percent(found), 2),
        "observers": [_entry(one) for one in found],
    }


def _entry(one: ObserverCoverage) -> dict[str, object]:
    span = one.observer.span
    return {
        "name": one.observer.name,
        "file": span.file if span else None,
        "line": span.line if span else None,
        "covered": one.covered,
        "total": one.total,
        "conditions": [
            {"action": c.action, "text": c.text, "true": c.true, "false": c.false}
            for c in one.conditions
        ],
        "edges": [{"from": e.source, "to": e.to, "kind": e.kind, "runs": n} for e, n in one.edges],
    }


def as_text(found: Sequence[ObserverCoverage]) -> Iterator[str]:
    """For people: a line for each observer, and what is missing below it."""
    width = max(len(name) for name in ("coverage", *(one.observer.name for one in found)))
    for one in found:
        part = f"{one.covered}/{one.total}"
        yield f"{one.observer.name:{width}}  {percent([one]):5.1f} %  {part}"
        for line in one.missing():
            yield f"  {line}"
    yield f"{'coverage':{width}}  {percent(found):5.1f} %"
