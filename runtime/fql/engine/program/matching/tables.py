"""Tables of those who are found by a hint: each look-up costs what it finds, and a logarithm.

They may find one who does not match, never fail to find one who does. A value that does not compare
with the bounds of a table (none that was checked) finds everybody.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import itemgetter
from typing import Generic, TypeVar, cast

from fql.engine.program.matching.keys import Affix, Between, Bound, Hint, Place, Rows

T = TypeVar("T")
FEW = 8
"""So many intervals are looked at one by one."""


class Bucket(Generic[T]):
    """Those who have the same key: some are found by it alone, the others by their hints too."""

    __slots__ = ("_tables", "found")

    def __init__(self) -> None:
        self.found: list[T] = []
        self._tables: dict[tuple[Place, str], Bounds[T] | Affixes[T]] | None = None

    def add(self, one: T, hint: Hint | None) -> None:
        """Add one more."""
        if hint is None:
            self.found.append(one)
            return
        if self._tables is None:
            self._tables = {}
        key = (hint.place, hint.form)
        table = self._tables.get(key)
        if table is None:
            table = Bounds() if isinstance(hint, Between) else Affixes(begins=hint.begins)
            self._tables[key] = table
        table.add(one, hint)

    def of(self, rows: Rows) -> list[T]:
        """Those who may match."""
        if self._tables is None:
            return self.found
        found = list(self.found)
        for ((image, name), _), table in self._tables.items():
            row = rows[image]
            if row is not None:
                found += table.of(row.get(name))
        return found


class Bounds(Generic[T]):
    """Those who have bounds for one place. Sorted at the first look."""

    __slots__ = ("_all", "_between", "_high", "_low", "_sorted")

    def __init__(self) -> None:
        self._all: list[tuple[Bound | None, Bound | None, T]] = []
        self._sorted = False

    def add(self, one: T, hint: Hint) -> None:
        """Add one more."""
        if isinstance(hint, Between):
            self._all.append((hint.low, hint.high, one))
        self._sorted = False

    def of(self, value: object) -> list[T]:
        """Those whose bounds hold the value; none do for null."""
        if value is None:
            return []
        try:
            if not self._sorted:
                self._sort()
            bound = cast("Bound", value)
            found = self._low.up_to(bound)
            found += self._high.since(bound)
            found += self._between.around(bound)
        except (TypeError, ArithmeticError):
            return [one for _, _, one in self._all]
        return found

    def _sort(self) -> None:
        rows = self._all
        low = ((low, one) for low, high, one in rows if low is not None and high is None)
        high = ((high, one) for low, high, one in rows if low is None and high is not None)
        self._low, self._high = _Sorted(low), _Sorted(high)
        self._between = _Intervals(
            [
                (low, high, one)
                for low, high, one in rows
                if low is not None and high is not None and low <= high
            ]
        )
        self._sorted = True


class _Sorted(Generic[T]):
    """Those who have a bound, by it."""

    __slots__ = ("_bounds", "_ones")

    def __init__(self, rows: Iterable[tuple[Bound, T]]) -> None:
        found = sorted(rows, key=itemgetter(0))
        self._bounds = [bound for bound, _ in found]
        self._ones = [one for _, one in found]

    def up_to(self, value: Bound) -> list[T]:
        return self._ones[: bisect_right(self._bounds, value)]

    def since(self, value: Bound) -> list[T]:
        return self._ones[bisect_left(self._bounds, value) :]


class _Intervals(Generic[T]):
    """Those who have two bounds: a tree of centres, each with the intervals that hold it."""

    __slots__ = ("_above", "_below", "_centre", "_few", "_highs", "_lows")

    def __init__(self, rows: list[tuple[Bound, Bound, T]]) -> None:
        self._few = rows if len(rows) <= FEW else []
        self._centre: Bound | None = None
        if self._few or not rows:
            return
        ends = sorted(end for row in rows for end in row[:2])
        centre = self._centre = ends[len(ends) // 2]
        around = [row for row in rows if row[0] <= centre <= row[1]]
        self._lows = _Sorted((low, one) for low, _, one in around)
        self._highs = _Sorted((high, one) for _, high, one in around)
        self._below = _Intervals([row for row in rows if row[1] < centre])
        self._above = _Intervals([row for row in rows if row[0] > centre])

    def around(self, value: Bound) -> list[T]:
        """Those whose interval holds the value."""
        found: list[T] = []
        tree = self
        while (centre := tree._centre) is not None:
            if value < centre:
                found += tree._lows.up_to(value)
                tree = tree._below
            else:
                found += tree._highs.since(value)
                tree = tree._above
        found += [one for low, high, one in tree._few if low <= value <= high]
        return found


class Affixes(Generic[T]):
    """Those who have a beginning, or an end, for the text of one place."""

    __slots__ = ("_begins", "_by_text", "_lengths")

    def __init__(self, *, begins: bool) -> None:
        self._begins = begins
        self._by_text: dict[str, list[T]] = {}
        self._lengths: set[int] = set()

    def add(self, one: T, hint: Hint) -> None:
        """Add one more."""
        if isinstance(hint, Affix):
            self._by_text.setdefault(hint.text, []).append(one)
            self._lengths.add(len(hint.text))

    def of(self, value: object) -> list[T]:
        """Those whose text the value begins, or ends, with."""
        if not isinstance(value, str):
            return [] if value is None else [one for ones in self._by_text.values() for one in ones]
        found: list[T] = []
        size = len(value)
        for length in self._lengths:
            if length <= size:
                text = value[:length] if self._begins else value[size - length :]
                found += self._by_text.get(text, ())
        return found
