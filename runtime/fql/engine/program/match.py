"""Which observers an event concerns: an index over the conditions of a plan.

An event is looked up once for each set of fields that conditions use as keys, and in tables of
bounds and of beginnings and ends of texts (`matching.keys` says which conditions those are). So
its cost grows with the observers that match and not with all there are. What cannot be looked up is
judged, by functions that are compiled at their first use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from fql.collector import collector_at_rest
from fql.engine.program.bulkhead import Fault, guarded
from fql.engine.program.matching.keys import CHANGED, Place, Rows, ways_of
from fql.engine.program.matching.tables import Bucket
from fql.engine.program.model import Unjudged
from fql.events.model import Event, Row
from fql.events.values import differs
from fql.expressions.compile import compile_condition
from fql.expressions.scope import Scope
from fql.plan.language.expressions import Expr
from fql.plan.model import Observer, Plan
from fql.plan.stored.codec import load_expression

Condition = Callable[[Scope], bool]
Key = tuple[object, ...]
Trigger = tuple[str, str]  # entity and kind of event


class _Candidate:
    """An observer whose keys fit: it matches if what is left of its condition holds."""

    __slots__ = ("_condition", "_rest", "name", "number")

    def __init__(self, number: int, name: str, rest: Expr | None) -> None:
        self.number = number
        self.name = name
        self._rest = rest
        self._condition: Condition | None = None

    def holds(self, scope: Scope) -> bool:
        """Judge what the keys have not decided."""
        if self._rest is None:
            return True
        if self._condition is None:
            self._condition = compile_condition(self._rest)
        return self._condition(scope)


@dataclass(frozen=True, slots=True)
class _Group:
    """The observers whose keys are made of the same places."""

    places: tuple[Place, ...]
    by_key: dict[Key, Bucket[_Candidate]]

    def candidates(self, rows: Rows) -> Sequence[_Candidate]:
        """Those whose key is the row's, and whose hints fit it."""
        key = []
        for image, name in self.places:
            row = rows[image]
            key.append(None if row is None else row.get(name))
        try:
            bucket = self.by_key.get(tuple(key))
        except TypeError:  # a value that cannot be a key equals no literal
            return ()
        return () if bucket is None else bucket.of(rows)


@dataclass(frozen=True, slots=True)
class _Changes:
    """Which fields of an update have changed."""

    new: Row
    old: Row

    def get(self, name: str, /) -> bool:
        """Whether this one has."""
        new, old = self.new.get(name), self.old.get(name)
        return new != old or differs(new, old)


class _Index:
    """The observers of one trigger."""

    __slots__ = ("_groups", "_several")

    def __init__(self, observers: Sequence[tuple[int, Observer]]) -> None:
        self._groups: dict[tuple[Place, ...], _Group] = {}
        self._several = False  # whether some can be found in more ways than one
        with collector_at_rest():
            for number, observer in observers:
                self._add(number, observer)

    def _add(self, number: int, observer: Observer) -> None:
        ways = ways_of(None if observer.when is None else load_expression(observer.when))
        candidate = _Candidate(number, observer.name, ways.rest)
        self._several |= len(ways.ways) > 1
        for way in ways.ways:
            places = tuple(sorted(way.keys))
            group = self._groups.setdefault(places, _Group(places, {}))
            for key in product(*(way.keys[place] for place in places)):
                group.by_key.setdefault(key, Bucket()).add(candidate, way.hint)

    def candidates(self, rows: Rows) -> list[_Candidate]:
        """Those who may match, each once."""
        found = [one for group in self._groups.values() for one in group.candidates(rows)]
        return list(dict.fromkeys(found)) if self._several else found


class Matcher:
    """The indexes of one plan, each made at the first event that needs it."""

    def __init__(self, plan: Plan) -> None:
        self._observers: dict[Trigger, list[tuple[int, Observer]]] = {}
        self._indexes: dict[Trigger, _Index] = {}
        for number, observer in enumerate(plan.observers):
            for trigger in {(t.entity, t.event) for t in observer.on}:
                self._observers.setdefault(trigger, []).append((number, observer))

    def _index(self, trigger: Trigger) -> _Index | None:
        found = self._indexes.get(trigger)
        if found is None and trigger in self._observers:
            found = self._indexes[trigger] = _Index(self._observers[trigger])
        return found

    def matching(self, event: Event) -> tuple[str, ...]:
        """The names of the observers whose trigger and condition hold, in the plan's order."""
        index = self._index((event.entity, event.kind))
        if index is None:
            return ()
        new, old = event.new, event.old
        found = index.candidates(
            {
                "new": new,
                "old": old,
                "row": old if new is None else new,
                CHANGED: None if new is None or old is None else _Changes(new, old),
            }
        )
        if not found:
            return ()
        scope = scope_of(event)
        holding = guarded(_holding, found, scope)
        if isinstance(holding, Fault):
            return _judged(found, scope)
        if len(holding) > 1:
            holding.sort(key=lambda candidate: candidate.number)
        return tuple([candidate.name for candidate in holding])


def _holding(candidates: Sequence[_Candidate], scope: Scope) -> list[_Candidate]:
    return [candidate for candidate in candidates if candidate.holds(scope)]


def _judged(candidates: Sequence[_Candidate], scope: Scope) -> tuple[str, ...]:
    """The same one by one: a condition that raises, or cannot be compiled, is not a fault of the
    other observers."""
    names: list[str] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.number):
        holds = guarded(candidate.holds, scope)
        if isinstance(holds, Fault):
            names.append(Unjudged(candidate.name, holds.text))
        elif holds:
            names.append(candidate.name)
    return tuple(names)


def scope_of(event: Event) -> Scope:
    """What the condition of an observer can see."""
    return Scope(event.kind, event.entity, event.new, event.old, event.id, event.timestamp)
