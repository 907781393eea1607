"""What of a condition can be looked up instead of being judged for each observer. Pure.

A condition is cut at its `&&`. A conjunct that allows some literals for one place (`==`, `in`, `||`
of these, a Boolean field, `changed()`) is part of a *key*: an exact test, which nobody judges
again. Of bounds and of beginnings and ends of texts one is a *hint*: who does not fit it cannot
match, and who does is judged. A conjunct that is an `||` of such things is taken apart: an
observer then has several *ways* to be found, and is judged as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from math import prod
from typing import Protocol, cast

from fql.expressions.operators import literal
from fql.expressions.shapes import literal_items
from fql.plan.language.expressions import Binary, Call, Changed, Constant, Expr, Field, operands

MAX_LITERALS = 1_000
"""A longer list of literals is a condition and no key."""
MAX_KEYS = 64
"""An observer whose lists of literals multiply to more keys keeps some of them as conditions."""
MAX_WAYS = 16
"""An observer whose `||` multiply to more ways keeps some of them as conditions."""

Place = tuple[str, str]  # row image (or CHANGED) and field
Keys = dict[Place, tuple[object, ...]]
Bound = float
"""To a type checker: it is of any type whose values have an order, the same for all of a place."""
CHANGED = "changed"


class Looked(Protocol):
    """A row, or what is known of its changes: the value of a field by its name."""

    def get(self, name: str, /) -> object:
        """The value, or None."""
        ...


Rows = Mapping[str, Looked | None]
"""What an event has, by row image, and by CHANGED whether a field is another one than before."""


@dataclass(slots=True)
class Between:
    """The value of a place is not below `low` and not above `high`; None leaves that side open."""

    place: Place
    low: Bound | None = None
    high: Bound | None = None

    form = "between"


@dataclass(frozen=True, slots=True)
class Affix:
    """The text of a place begins, or else ends, with another one."""

    place: Place
    text: str
    begins: bool

    @property
    def form(self) -> str:
        """Those of one place and form share a table."""
        return "begins" if self.begins else "ends"


Hint = Between | Affix


@dataclass(frozen=True, slots=True)
class Way:
    """How an observer is found: by its keys, and by a hint among those that have the same key."""

    keys: Keys
    hint: Hint | None

    def __bool__(self) -> bool:
        return bool(self.keys) or self.hint is not None


@dataclass(frozen=True, slots=True)
class Ways:
    """All of them; `rest` is what is judged for those that are found (None: nothing)."""

    ways: tuple[Way, ...]
    rest: Expr | None


def ways_of(condition: Expr | None) -> Ways:
    """How an observer with this condition is found."""
    conjuncts = list(_conjuncts(condition))
    taken = _taken_apart(conjuncts)
    if not taken:
        keys, rest = split(condition)
        return Ways((Way(keys, _hint(_conjuncts(rest))),), rest)
    others = [one for number, one in enumerate(conjuncts) if number not in taken]
    ways = [_way([*others, *chain(*choice)]) for choice in product(*taken.values())]
    if sum(prod(map(len, way.keys.values())) for way in ways) > MAX_LITERALS:
        return Ways((_way(conjuncts),), condition)
    return Ways(tuple(ways), condition)


def split(condition: Expr | None) -> tuple[Keys, Expr | None]:
    """The keys of a condition, and what they leave of it (None: nothing)."""
    keys, rest = _split(_conjuncts(condition))
    return keys, _joined(rest)


def _way(conjuncts: Sequence[Expr]) -> Way:
    keys, rest = _split(conjuncts)
    return Way(keys, _hint(rest))


def _split(conjuncts: Iterable[Expr]) -> tuple[Keys, list[Expr]]:
    keys: Keys = {}
    rest: list[Expr] = []
    combinations = 1
    for conjunct in conjuncts:
        place, literals = _key_of(conjunct)
        size = combinations * len(literals)
        most = MAX_KEYS if keys else MAX_LITERALS
        if place in keys and literals:
            keys[place] = tuple(value for value in keys[place] if value in literals)
        elif place is None or not 0 < size <= most:
            rest.append(conjunct)
        else:
            keys[place] = literals
            combinations = size
    return keys, rest


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


# Choices -----------------------------------------------------------------------------------------


def _alternatives(e: Expr) -> list[Expr]:
    """The operands of a chain of `||`, chains within it too; of anything else itself."""
    if isinstance(e, Binary) and e.op == "or":
        return [one for operand in operands(e) for one in _alternatives(operand)]
    return [e]


def _taken_apart(conjuncts: Sequence[Expr]) -> dict[int, list[list[Expr]]]:
    """By their numbers, the conjuncts that are an `||` of what can be looked up, each as the
    conjuncts of its operands; those of one key aside."""
    found: dict[int, list[list[Expr]]] = {}
    count = 1
    for number, conjunct in enumerate(conjuncts):
        choices = _alternatives(conjunct)
        if len(choices) < 2 or _key_of(conjunct)[0] is not None:
            continue
        cut = [list(_conjuncts(choice)) for choice in choices]
        if count * len(cut) <= MAX_WAYS and all(map(_way, cut)):
            found[number] = cut
            count *= len(cut)
    return found


# Keys --------------------------------------------------------------------------------------------

_NO_KEY: tuple[None, tuple[object, ...]] = (None, ())


def _key_of(e: Expr) -> tuple[Place | None, tuple[object, ...]]:
    """The place and the literals that a conjunct allows for it."""
    if isinstance(e, Field):
        return (e.row, e.name), (True,)
    if isinstance(e, Changed):
        return (CHANGED, e.name), (True,)
    if isinstance(e, Binary) and e.op == "or":
        return _key_of_choice(e)
    return _key_of_equality(e) if isinstance(e, Binary) and e.op in ("eq", "in") else _NO_KEY


def _key_of_equality(e: Binary) -> tuple[Place | None, tuple[object, ...]]:
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


def _key_of_choice(e: Expr) -> tuple[Place | None, tuple[object, ...]]:
    """`a == 1 || a in [2, 3]` is `a in [1, 2, 3]`."""
    found = [_key_of(one) for one in _alternatives(e)]
    places = {place for place, _ in found}
    if len(places) > 1 or not all(literals for _, literals in found):
        return _NO_KEY
    return places.pop(), _distinct(tuple(chain.from_iterable(literals for _, literals in found)))


def _distinct(literals: tuple[object, ...] | None) -> tuple[object, ...]:
    """The literals once each; none where a null is among them: a row that is absent has none."""
    if literals is None or any(value is None or isinstance(value, tuple) for value in literals):
        return ()
    return tuple(dict.fromkeys(literals))


# Hints -------------------------------------------------------------------------------------------

_FLIPPED: Mapping[str, str] = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


def _hint(conjuncts: Iterable[Expr]) -> Hint | None:
    """The best of them: two bounds of one place, else an affix, else one bound."""
    bounds: dict[Place, Between] = {}
    affix: Affix | None = None
    for conjunct in conjuncts:
        if isinstance(conjunct, Binary) and conjunct.op in _FLIPPED:
            _bind(bounds, conjunct)
        elif affix is None and isinstance(conjunct, Call):
            affix = _affix(conjunct)
    both = (one for one in bounds.values() if one.low is not None and one.high is not None)
    return next(both, None) or affix or next(iter(bounds.values()), None)


def _bind(bounds: dict[Place, Between], e: Binary) -> None:
    left, right, op = e.left, e.right, e.op
    if isinstance(left, Constant):
        left, right, op = right, left, _FLIPPED[op]
    if not isinstance(left, Field) or not isinstance(right, Constant) or right.value is None:
        return
    place = (left.row, left.name)
    bound = bounds.setdefault(place, Between(place))
    value = cast("Bound", literal(right.value, left.type))
    if op in ("gt", "ge"):
        bound.low = value if bound.low is None else bound.low
    else:
        bound.high = value if bound.high is None else bound.high


def _affix(e: Call) -> Affix | None:
    if e.name not in ("starts_with", "ends_with") or not isinstance(e.of, Field):
        return None
    text = e.args[0]
    if not isinstance(text, Constant) or not isinstance(text.value, str):
        return None
    return Affix((e.of.row, e.of.name), text.value, begins=e.name == "starts_with")
