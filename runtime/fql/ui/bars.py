"""The attempts of a run on a time axis. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fql.store.shown import Attempt, RunShown
from fql.ui.words import duration, instant

TICKS = 5
SHORTEST = 1_000
"""A run is drawn over at least this many milliseconds."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An attempt, or a wait before the next one: where it begins and how long it is, in percent."""

    kind: str
    left: float
    width: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An action with its bars, and what there is to say about it."""

    name: str
    state: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """The whole drawing; `ticks` are the texts below the axis."""

    ticks: tuple[str, ...]
    lines: tuple[Line, ...]


def bars_of(run: RunShown, attempts: Sequence[Attempt], now: int) -> Axis:
    """From the start of the run to its end, or to now."""
    start = instant(run.started_at)
    end = instant(run.ended_at) if run.ended_at else now
    last = max((instant(one.at) for one in attempts), default=start)
    span = max(end - start, last - start, SHORTEST)
    lines = []
    for node in run.nodes:
        mine = [one for one in attempts if one.action == node["name"]]
        lines.append(Line(node["name"], node["state"], tuple(_bars(mine, start, span))))
    ticks = tuple(duration(span * tick // TICKS) for tick in range(TICKS + 1))
    return Axis(ticks, tuple(lines))


def _bars(attempts: Sequence[Attempt], start: int, span: int) -> list[Bar]:
    bars: list[Bar] = []
    before = None
    for one in attempts:
        begin = instant(one.at) - one.duration_ms - start
        if before is not None and begin > before:
            bars.append(Bar("wait", _part(before, span), _part(begin - before, span)))
        good = one.error is None and one.status is not None and one.status < 400
        text = str(one.status or "failed")
        kind = "good" if good else "bad"
        bars.append(Bar(kind, _part(begin, span), max(1.0, _part(one.duration_ms, span)), text))
        before = begin + one.duration_ms
    return bars


def _part(ms: int, span: int) -> float:
    return round(max(0.0, min(100.0, 100 * ms / span)), 2)
