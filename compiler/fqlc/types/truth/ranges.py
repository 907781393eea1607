"""The values that are left of one thing after some tests: a set, or an interval with holes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Bound = tuple[Any, bool]
"""A limit and whether it belongs to the interval. Values of one thing are of one kind."""

_MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Range:
    """`values` are all that are possible, None: any; those lie between `low` and `high` and are
    not `excluded`. `nullable`: null is possible too. `integral`: whole numbers only."""

    nullable: bool = False
    integral: bool = False
    values: frozenset[object] | None = None
    low: Bound | None = None
    high: Bound | None = None
    excluded: frozenset[object] = frozenset()

    def after(self, op: str, values: tuple[object, ...]) -> Range:
        """What a test leaves."""
        given = frozenset(v for v in values if v is not None)
        null = None in values
        match op:
            case "eq" | "in":
                allowed = given if self.values is None else self.values & given
                return replace(self, values=allowed, nullable=self.nullable and null)
            case "ne" | "not_in":
                return replace(
                    self, excluded=self.excluded | given, nullable=self.nullable and not null
                )
        return self._ordered(op, next(iter(given), None))

    def _ordered(self, op: str, limit: Any) -> Range:
        if limit is None:
            return self
        there = replace(self, nullable=False)
        bound: Bound = (limit, op in ("le", "ge"))
        if op in ("gt", "ge"):
            return replace(there, low=_higher(self.low, self._whole(bound, up=True)))
        return replace(there, high=_lower(self.high, self._whole(bound, up=False)))

    def _whole(self, bound: Bound, *, up: bool) -> Bound:
        """Among whole numbers every bound can be one of them."""
        limit, closed = bound
        if not self.integral or not isinstance(limit, int | float | Decimal):
            return bound
        if up:
            whole = math.ceil(limit)
            return (whole + 1, True) if whole == limit and not closed else (whole, True)
        whole = math.floor(limit)
        return (whole - 1, True) if whole == limit and not closed else (whole, True)

    def meet(self, other: Range) -> Range:
        """What two equal things without any tests may be."""
        both = self.values is not None and other.values is not None
        return replace(
            self,
            nullable=self.nullable and other.nullable,
            integral=self.integral or other.integral,
            values=(self.values or frozenset()) & (other.values or frozenset())
            if both
            else (self.values if other.values is None else other.values),
        )

    # questions

    @property
    def empty(self) -> bool:
        """True when nothing is left."""
        if self.nullable:
            return False
        if self.values is not None:
            return not any(self.allows(value) for value in self.values)
        if self.low is None or self.high is None:
            return False
        return self._no_room(self.low, self.high)

    @property
    def only(self) -> tuple[object] | None:
        """The one value that is left, which may be null; None when there are more."""
        if self.nullable:
            return (None,) if replace(self, nullable=False).empty else None
        if self.values is not None:
            left = [value for value in self.values if self.allows(value)]
            return (left[0],) if len(left) == 1 else None
        return None

    def _no_room(self, low: Bound, high: Bound) -> bool:
        if low[0] == high[0]:
            return not (low[1] and high[1]) or low[0] in self.excluded
        if low[0] > high[0]:
            return True
        if not self.integral:
            return False
        room = high[0] - low[0] + 1
        return room <= len(self.excluded) and all(low[0] + i in self.excluded for i in range(room))

    def allows(self, value: Any) -> bool:
        """True for a value that is left."""
        if self.values is not None and value not in self.values:
            return False
        if value in self.excluded or (self.integral and value != math.floor(value)):
            return False
        above = self.low is None or value > self.low[0] or (self.low[1] and value == self.low[0])
        below = self.high is None or value < self.high[0] or (
            self.high[1] and value == self.high[0]
        )  # fmt: skip
        return bool(above and below)

    # words

    @property
    def words(self) -> str:
        """What is left, for a label."""
        if self.empty:
            return "leaves nothing"
        if self.values is not None:
            return self._values_in_words(self.values)
        parts = []
        if self.low is not None:
            parts.append(f"{'from' if self.low[1] else 'above'} {_shown(self.low[0])}")
        if self.high is not None:
            parts.append(f"{'up to' if self.high[1] else 'below'} {_shown(self.high[0])}")
        if not parts:
            return f"leaves all but {_list(self.excluded)}" if self.excluded else "leaves all"
        return "leaves values " + " and ".join(parts)

    def _values_in_words(self, values: Iterable[object]) -> str:
        left = [value for value in values if self.allows(value)]
        null = ["null"] if self.nullable else []
        return "leaves " + ", ".join([*sorted(_shown(v) for v in left)[:_MOST_WORDS], *null])


def _higher(one: Bound | None, other: Bound) -> Bound:
    """The stricter of two lower bounds."""
    if one is None or other[0] > one[0]:
        return other
    return one if one[0] > other[0] else (one[0], one[1] and other[1])


def _lower(one: Bound | None, other: Bound) -> Bound:
    """The stricter of two upper bounds."""
    if one is None or other[0] < one[0]:
        return other
    return one if one[0] < other[0] else (one[0], one[1] and other[1])


def _list(values: Iterable[object]) -> str:
    return ", ".join(sorted(_shown(v) for v in values)[:_MOST_WORDS])


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, datetime | date):
        return f"`{value.isoformat()}`"
    return f"`{value}`"
