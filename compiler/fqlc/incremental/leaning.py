"""Which units lean on which others, by the names that occur in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from fql.plan.kinds import NATS, PUBLISH
from fqlc.incremental.cutting import Unit

_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\[nrt]")
_SPELT = "\\u"
"""What a text may spell any name with."""

_FEW = 20
"""So many new names are looked for one by one."""

DEFAULTS = "defaults"


def names_in(
    units: Sequence[Unit], known: Sequence[Sequence[str] | None], before: frozenset[str]
) -> list[Sequence[str]]:
    """The names of declarations that occur in each unit. `known` are those that were found when
    the declarations were called `before`."""
    declared = frozenset(unit.part.name for unit in units if unit.part.name)
    new, gone = declared - before, before - declared
    found: list[Sequence[str]] = []
    for unit, names in zip(units, known, strict=True):
        if names is None or (new and _may_name(unit, new)):
            found.append(_named(unit, declared))
        elif gone and not gone.isdisjoint(names):
            found.append([name for name in names if name not in gone])
        else:
            found.append(names)
    return found


def _named(unit: Unit, declared: frozenset[str]) -> list[str]:
    """The names that occur; all of them where a text may spell one by `\\u{...}`."""
    if unit.part.kind in ("", "import"):
        return []
    words = set(_WORD.findall(_ESCAPE.sub(" ", unit.text)))
    if PUBLISH in words:  # it sends to an endpoint that it does not name
        words.add(NATS)
    return sorted(declared if _SPELT in unit.text else declared & words)


def _may_name(unit: Unit, new: frozenset[str]) -> bool:
    """False only where none of these names can occur."""
    text = unit.text
    if len(new) > _FEW or _SPELT in text or (NATS in new and PUBLISH in text):
        return True
    return any(name in text for name in new)


def everywhere(declared: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Those of some declarations (kind, name, digest) that every unit leans on."""
    return {one for one in declared if one[0] == DEFAULTS}


def shifted(
    changed: Collection[str], units: Sequence[Unit], names: Sequence[Sequence[str]],
    before: Sequence[Sequence[str]],
) -> set[int]:  # fmt: skip
    """The units in which one of the changed names occurs, or occurred before, those in which one
    of their names does, and so on."""
    users: dict[str, list[int]] = {}
    for number, (now, then) in enumerate(zip(names, before, strict=True)):
        for name in now:
            users.setdefault(name, []).append(number)
        if now is not then:
            for name in then:
                users.setdefault(name, []).append(number)
    found: set[int] = set()
    waiting, seen = list(changed), set(changed)
    while waiting:
        for number in users.get(waiting.pop(), ()):
            found.add(number)
            name = units[number].part.name
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return found


class Leanings(Mapping[int, tuple[int, ...]]):
    """The units that each leans on, itself included, worked out when somebody asks."""

    def __init__(self, units: Sequence[Unit], names: Sequence[Sequence[str]]) -> None:
        self._units, self._names = units, names
        self._declared: dict[str, list[int]] = {}
        for index, unit in enumerate(units):
            if unit.part.name:
                self._declared.setdefault(unit.part.name, []).append(index)
        self._everywhere = [i for i, unit in enumerate(units) if unit.part.kind == DEFAULTS]
        self._found: dict[int, tuple[int, ...]] = {}

    def __getitem__(self, number: int) -> tuple[int, ...]:
        if number not in self._found:
            units = self._units
            reached = self._reached(number)
            self._found[number] = tuple(sorted(reached, key=lambda i: (units[i].digest, i)))
        return self._found[number]

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._units)))

    def __len__(self) -> int:
        return len(self._units)

    def _reached(self, start: int) -> set[int]:
        reached = {start, *self._everywhere}
        waiting = list(reached)
        while waiting:
            for name in self._names[waiting.pop()]:
                for index in self._declared[name]:
                    if index not in reached:
                        reached.add(index)
                        waiting.append(index)
        return reached
