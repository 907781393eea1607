"""The numbers of the last minutes, of all engines together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fql.store.history.minutes import quantile
from fql.store.showing.history import Minute
from fql.store.shown import instant

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""Milliseconds."""
PERIODS: Mapping[str, int] = {"5m": 5 * MINUTE, "1h": HOUR, "24h": DAY}
"""What a person may choose, and how long that is."""


@dataclass(frozen=True, slots=True)
class Hour:
    """What was counted of a name in a time. `ms` are attempts by the time they took, `why` those
    that failed by their reason."""

    counts: Mapping[str, int] = field(default_factory=dict)
    ms: Sequence[int] = ()
    why: Mapping[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        """One of the counts."""
        return self.counts.get(name, 0)

    @property
    def p50(self) -> int | None:
        """Milliseconds that half of the attempts took at most; None where there were none."""
        return self.took(0.5)

    @property
    def p95(self) -> int | None:
        """The same of 95 %."""
        return self.took(0.95)

    @property
    def p99(self) -> int | None:
        """The same of 99 %."""
        return self.took(0.99)

    def took(self, share: float) -> int | None:
        """The same of any share."""
        return quantile(self.ms, share) if self.ms else None

    @property
    def passed(self) -> int:
        """Attempts that succeeded."""
        return max(0, self.of("sent") - self.of("failed"))

    @property
    def failing(self) -> float:
        """The share of the attempts that failed."""
        return self.of("failed") / self.of("sent") if self.of("sent") else 0.0


def added(minutes: Iterable[Minute]) -> Hour:
    """Some minutes together."""
    counts: Counter[str] = Counter()
    why: Counter[str] = Counter()
    times: list[int] = []
    for one in minutes:
        counts.update(one.counts)
        why.update(one.why)
        if one.ms:
            known = times or [0] * len(one.ms)
            times = [a + b for a, b in zip(known, one.ms, strict=True)]
    return Hour(counts, times, why)


def hours_of(minutes: Iterable[Minute], kind: str) -> dict[str, Hour]:
    """Each name of a kind."""
    found: dict[str, list[Minute]] = {}
    for one in minutes:
        if one.kind == kind:
            found.setdefault(one.name, []).append(one)
    return {name: added(some) for name, some in found.items()}


def by_minute(minutes: Iterable[Minute], now: int) -> list[Hour]:
    """The sixty minutes until `now`, the oldest first, the present one last."""
    last = now // MINUTE
    places: list[list[Minute]] = [[] for _ in range(60)]
    for one in minutes:
        place = 59 - (last - one.at // MINUTE)
        if one.span == MINUTE and 0 <= place < 60:
            places[place].append(one)
    return [added(some) for some in places]


def down_since(minutes: Iterable[Minute]) -> dict[str, str]:
    """Since when each endpoint has failed whatever was sent there, up to now (RFC 3339)."""
    found: dict[str, list[Minute]] = {}
    for one in minutes:
        if one.kind == "endpoint" and one.counts.get("sent"):
            found.setdefault(one.name, []).append(one)
    since: dict[str, str] = {}
    for name, some in found.items():
        for one in sorted(some, key=lambda each: -each.at):
            if one.counts.get("failed", 0) < one.counts["sent"]:
                break
            since[name] = instant(one.at) or ""
    return since
