"""Numbers by the minute: how they are written, added, and merged when they get old. Pure.

`numbers` of a row is a JSON object: counts by name, `ms`, how many attempts took at most
`EDGES[i]` milliseconds (the last one: longer), and `why`, how many failed for which reason.
Decision 0238 has the names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from fql.exact.kinds import as_a, as_list, as_object
from fql.exact.reading import read_object
from fql.exact.writing import json_text
from fql.store.history.rows import MinuteRow

MINUTE = 60_000
TEN = 600_000
"""The spans that rows have, in milliseconds."""
BY_MINUTE = 3_600_000
"""How long numbers are kept by the minute."""
KEPT = 25 * 3_600_000
"""How long they are kept at all."""
EDGES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000)
"""Upper bounds of the times that attempts took, in milliseconds."""


MOST_REASONS = 20
"""Reasons that are told apart; what fails for yet another one is `other`."""


class Numbers:
    """Counts of one name. `ms` is None until an attempt was measured, `why` until one failed."""

    __slots__ = ("counts", "ms", "why")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.ms: list[int] | None = None
        self.why: dict[str, int] | None = None

    def add(self, name: str, by: int = 1) -> None:
        """Count so many more."""
        self.counts[name] = self.counts.get(name, 0) + by

    def measure(self, milliseconds: float) -> None:
        """An attempt took so long."""
        if self.ms is None:
            self.ms = [0] * (len(EDGES) + 1)
        self.ms[bisect_left(EDGES, milliseconds)] += 1

    def fail(self, reason: str, by: int = 1) -> None:
        """So many more attempts failed for this reason: a status, or what went wrong."""
        if self.why is None:
            self.why = {}
        known = reason if reason in self.why or len(self.why) < MOST_REASONS else "other"
        self.why[known] = self.why.get(known, 0) + by

    def take(self, numbers: Numbers) -> None:
        """Add those of another span."""
        for name, count in numbers.counts.items():
            self.add(name, count)
        if numbers.ms is not None:
            mine = self.ms or [0] * (len(EDGES) + 1)
            self.ms = [one + other for one, other in zip(mine, numbers.ms, strict=True)]
        for reason, count in (numbers.why or {}).items():
            self.fail(reason, count)

    def written(self) -> str:
        """As a row holds them."""
        parts: dict[str, object] = {**self.counts}
        if self.ms is not None:
            parts["ms"] = self.ms
        if self.why is not None:
            parts["why"] = self.why
        return json_text(parts)


def read_numbers(text: str) -> Numbers:
    """What `written` wrote. Raises ValueError, TypeError for anything else."""
    found, numbers = read_object(text), Numbers()
    ms, why = found.pop("ms", None), found.pop("why", None)
    if why is not None:
        numbers.why = {name: as_a(int, count) for name, count in as_object(why).items()}
    if ms is not None:
        numbers.ms = [as_a(int, one) for one in as_list(ms)]
    numbers.counts = {name: as_a(int, count) for name, count in found.items()}
    return numbers


def quantile(ms: Sequence[int], share: float) -> int | None:
    """The bound that this share of the attempts did not exceed, in milliseconds; None where there
    were none, and twice the last bound for what took longer than that."""
    wanted, seen = share * sum(ms), 0
    for edge, count in zip((*EDGES, 2 * EDGES[-1]), ms, strict=True):
        seen += count
        if count and seen >= wanted:
            return edge
    return None


def tidied(
    rows: Iterable[MinuteRow], now: int
) -> tuple[list[MinuteRow], list[MinuteRow]]:  # fmt: skip
    """Rows that go at a time, and those that take their place: minutes are merged by ten, of all
    engines together, once the ten of them are an hour old."""
    gone: list[MinuteRow] = []
    tens: dict[tuple[int, str, str], Numbers] = {}
    merged = (now - BY_MINUTE) // TEN * TEN
    rows = list(rows)
    for row in rows:
        if row.at + row.span <= now - KEPT:
            gone.append(row)
        elif row.span == MINUTE and row.at < merged:
            gone.append(row)
            key = (row.at // TEN * TEN, row.kind, row.name)
            tens.setdefault(key, Numbers()).take(read_numbers(row.numbers))
    for row in rows:
        if row.span == TEN and (found := tens.get((row.at, row.kind, row.name))) is not None:
            found.take(read_numbers(row.numbers))
    made = [
        MinuteRow(TEN, at, kind, name, 0, numbers.written())
        for (at, kind, name), numbers in tens.items()
        if at + TEN > now - KEPT
    ]
    return gone, made
