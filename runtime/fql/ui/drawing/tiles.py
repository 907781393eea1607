"""Five numbers of the last hour, each with a line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fql.store.showing.history import Minute
from fql.store.shown import as_far
from fql.ui.present.now import Now
from fql.ui.present.numbers import HOUR, MINUTE, Hour, added, by_minute
from fql.ui.present.words import duration, percent, rate

WIDTH, HEIGHT = 120, 30
LATELY = 5
"""Minutes that a rate is about."""
ENDS = ("done", "dead", "cancelled", "expired")


@dataclass(frozen=True, slots=True)
class Spark:
    """A line as an SVG path, and the area below it. `look` is empty, `soft` or `red`."""

    path: str
    area: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with what belongs to it."""

    title: str
    number: str
    note: str
    lines: tuple[Spark, ...]


def tiles_of(
    minutes: Sequence[Minute], wall: int, now: Now, open_runs: int | None
) -> tuple[Tile, ...]:
    """`minutes` are those of the engines for 25 hours; `open_runs` is counted as far as `Counts`
    goes, and None where that took too long."""
    hour = by_minute(minutes, wall)
    lately, whole = _sum(hour[-LATELY:]), _sum(hour)
    before = added(one for one in minutes if one.at < wall - HOUR)
    return (
        Tile("Events", rate(lately.of("events") / LATELY), "a minute", _one_line(hour, "events")),
        Tile("Deliveries", rate(lately.of("sent") / LATELY), "a minute", _one_line(hour, "sent")),
        _failed(hour, whole, before),
        _time(hour, whole),
        _waiting(hour, now, open_runs),
    )


def _sum(hours: Iterable[Hour]) -> Hour:
    return added(
        Minute(0, MINUTE, "", "", counts=one.counts, ms=one.ms, why=one.why) for one in hours
    )


def _one_line(hour: Sequence[Hour], name: str) -> tuple[Spark, ...]:
    return (spark([one.of(name) for one in hour]),)


def _failed(hour: Sequence[Hour], whole: Hour, before: Hour) -> Tile:
    note = f"{whole.of('failed'):,} of {whole.of('sent'):,}"
    if before.of("sent"):
        note += f", usually {percent(before.failing)}"
    bad = whole.of("failed") > 0
    line = spark([one.failing for one in hour], "red" if bad else "", top=0.05)
    return Tile("Failed attempts", percent(whole.failing), note, (line,))


def _time(hour: Sequence[Hour], whole: Hour) -> Tile:
    if whole.p50 is None or whole.p99 is None:
        return Tile("Time to deliver", "none", "sent in this hour", ())
    slow, quick = _carried(hour, lambda one: one.p99), _carried(hour, lambda one: one.p50)
    top = max(*slow, 1)
    lines = (spark(slow, "soft", top=top), spark(quick, top=top))
    note = f"p99 {duration(whole.p99)}"
    return Tile("Time to deliver", f"≤ {duration(whole.p50)}", note, lines)


def _carried(hour: Sequence[Hour], of: Callable[[Hour], int | None]) -> list[int]:
    """A minute without attempts is as the one before it."""
    found: list[int] = []
    for one in hour:
        value = of(one)
        found.append((found[-1] if found else 0) if value is None else value)
    return found


def _waiting(hour: Sequence[Hour], now: Now, open_runs: int | None) -> Tile:
    """Open runs of the hour, told backwards from how many there are."""
    line = () if open_runs is None else (spark(_open_runs(hour, open_runs)),)
    told = "not counted" if open_runs is None else as_far(open_runs)
    if now.works:
        return Tile("Oldest due work", duration(now.waited), f"open runs {told}", line)
    return Tile("Open runs", told, "", line)


def _open_runs(hour: Sequence[Hour], last: int) -> list[int]:
    found = [last]
    for one in reversed(hour[1:]):
        found.append(max(0, found[-1] - one.of("runs") + sum(one.of(end) for end in ENDS)))
    return found[::-1]


def spark(values: Sequence[float], look: str = "", *, top: float = 1.0) -> Spark:
    """A line from left to right. It reaches the upper edge where a value is the largest, or `top`,
    if none is that large."""
    most = max(*values, top)
    places = [
        f"{WIDTH * at / (len(values) - 1):.4g} {HEIGHT - 2 - (HEIGHT - 4) * value / most:.3g}"
        for at, value in enumerate(values)
    ]
    path = f"M{'L'.join(places)}"
    return Spark(path, f"{path}V{HEIGHT}H0z", look)
