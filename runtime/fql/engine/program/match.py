"""Which observers an event concerns: an index over the equalities of their conditions.

A condition is cut at its `&&`. Conjuncts that compare a field of the row with a literal, or look
it up in a list of literals, become part of a key; what is left is compiled at its first use. An
event is looked up once for each set of fields that conditions use as keys, so its cost grows with
the observers that match and not with all there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from fql.engine.program.bulkhead import Fault, guarded
from fql.engine.program.model import Unjudged
from fql.events.model import Event, Row
from fql.expressions.compile import compile_condition
from fql.expressions.scope import Scope
from fql.expressions.shapes import literal_items
from fql.plan.language.expressions import Binary, Constant, Expr, Field, operands
from fql.plan.model import Observer, Plan
from fql.plan.stored.codec import load_expression

MAX_KEYS = 64
"""An observer whose lists of literals multiply to more keys keeps some of them as conditions."""

Condition = Callable[[Scope], bool]
Place = tuple[str, str]  # row image and field
Key = tuple[object, ...]


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
    by_key: dict[Key, list[_Candidate]]

    def candidates(self, rows: dict[str, Row | None]) -> list[_Candidate] | None:
        """Those whose key is the row's."""
        key = []
        for image, name in self.places:
            row = rows[image]
            key.append(None if row is None else row.get(name))
        try:
            return self.by_key.get(tuple(key))
        except TypeError:  # a value that cannot be a key equals no literal
            return None


class Matcher:
    """The index of one plan. Not changed after it is made, except for conditions compiled late."""

    def __init__(self, plan: Plan) -> None:
        self._groups: dict[tuple[str, str], dict[tuple[Place, ...], _Group]] = {}
        for number, observer in enumerate(plan.observers):
            self._add(number, observer)

    def _add(self, number: int, observer: Observer) -> None:
        condition = None if observer.when is None else load_expression(observer.when)
        keys, rest = split(condition)
        places = tuple(sorted(keys))
        candidate = _Candidate(number, observer.name, rest)
        for trigger in {(t.entity, t.event) for t in observer.on}:
            groups = self._groups.setdefault(trigger, {})
            group = groups.setdefault(places, _Group(places, {}))
            for key in product(*(keys[place] for place in places)):
                group.by_key.setdefault(key, []).append(candidate)

    def matching(self, event: Event) -> tuple[str, ...]:
        """The names of the observers whose trigger and condition hold, in the plan's order."""
        groups = self._groups.get((event.entity, event.kind))
        if groups is None:
            return ()
        rows = {
            "new": event.new,
            "old": event.old,
            "row": event.old if event.new is None else event.new,
        }
        found = [one for group in groups.values() for one in group.candidates(rows) or ()]
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


Keys = dict[Place, tuple[object, ...]]


def split(condition: Expr | None) -> tuple[Keys, Expr | None]:
    """The keys of a condition, and what they leave of it (None: nothing)."""
    keys: Keys = {}
    rest: list[Expr] = []
    combinations = 1
    for conjunct in _conjuncts(condition):
        place, literals = _key_of(conjunct)
        size = combinations * len(literals)
        if place is None or place in keys or not 0 < size <= MAX_KEYS:
            rest.append(conjunct)
        else:
            keys[place] = literals
            combinations = size
    return keys, _joined(rest)


def _conjuncts(condition: Expr | None) -> Iterator[Expr]:
    if isinstance(condition, Binary) and condition.op == "and":
        for operand in operands(condition):
            yield from _conjuncts(operand)
    elif condition is not None:
        yield condition


def _joined(conjuncts: Iterable[Expr]) -> Expr | None:
    result: Expr | None = None
    for conjunct in conjuncts:
        if result is None:
            result = conjunct
        else:
            result = Binary(type=conjunct.type, op="and", left=result, right=conjunct)
    return result


_NO_KEY: tuple[None, tuple[object, ...]] = (None, ())


def _key_of(e: Expr) -> tuple[Place | None, tuple[object, ...]]:
    """The place and the literals that a conjunct allows for it."""
    if isinstance(e, Field):
        return (e.row, e.name), (True,)
    if not isinstance(e, Binary) or e.op not in ("eq", "in"):
        return _NO_KEY
    left, right = e.left, e.right
    if e.op == "eq" and isinstance(left, Constant):
        left, right = right, left
    if not isinstance(left, Field) or left.type.name == "JSON" or left.type.is_list:
        return _NO_KEY
    if e.op == "in":
        return (left.row, left.name), _distinct(literal_items(right))
    if isinstance(right, Constant):
        return (left.row, left.name), _distinct((right.value,))
    return _NO_KEY


def _distinct(literals: tuple[object, ...] | None) -> tuple[object, ...]:
    """The literals once each; none where a null is among them: a row that is absent has none."""
    if literals is None or any(value is None or isinstance(value, tuple) for value in literals):
        return ()
    return tuple(dict.fromkeys(literals))
