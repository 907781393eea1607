"""The numbers of the last hour, of all engines together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fql.store.showing.history import Minute

HOUR = 3_600_000
"""Milliseconds."""


@dataclass(frozen=True, slots=True)
class Hour:
    """What was counted of a name. `p50` and `p95` are milliseconds that so many attempts took at
    most, None where there were none."""

    counts: Mapping[str, int] = field(default_factory=dict)
    p50: int | None = None
    p95: int | None = None

    def of(self, name: str) -> int:
        """One of the counts."""
        return self.counts.get(name, 0)


def hours_of(minutes: Iterable[Minute], kind: str) -> dict[str, Hour]:
    """Each name of a kind."""
    counts: dict[str, Counter[str]] = {}
    times: dict[str, list[int]] = {}
    for one in minutes:
        if one.kind == kind:
            counts.setdefault(one.name, Counter()).update(one.counts)
            if one.ms:
                known = times.get(one.name, [0] * len(one.ms))
                times[one.name] = [a + b for a, b in zip(known, one.ms, strict=True)]
    return {name: _hour(found, times.get(name, [])) for name, found in counts.items()}


def _hour(counts: Mapping[str, int], ms: list[int]) -> Hour:
    one = Minute(0, HOUR, "", "", counts, ms)
    return Hour(counts, one.latency(0.5), one.latency(0.95))
