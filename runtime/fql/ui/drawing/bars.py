"""The attempts of a run on a time axis. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fql.plan.model import Observer
from fql.store.shown import Attempt, NodeShown, RunShown
from fql.ui.present.words import duration, instant

TICKS = 5
SHORTEST = 1_000
"""A run is drawn over at least this many milliseconds."""
ROOM = 3.5
"""Percent of the axis that the text of an attempt needs."""
NARROWEST = 1.2
"""Percent of the axis that each attempt takes, so that it can be seen and clicked."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An attempt, or a wait: where it begins and how long it is, in percent. `number` is that of
    the attempt, 0 of a wait."""

    kind: str
    left: float
    width: float
    text: str = ""
    number: int = 0

    @property
    def beside(self) -> bool:
        """Whether its text goes to its right, as it is too narrow."""
        return self.kind != "wait" and self.width < ROOM


@dataclass(frozen=True, slots=True)
class Line:
    """An action with its bars; `note` says what else there is to say, at `at` percent."""

    name: str
    state: str
    bars: tuple[Bar, ...]
    note: str = ""
    at: float = 0.5


@dataclass(frozen=True, slots=True)
class Axis:
    """The whole drawing; `ticks` are the texts below the axis."""

    ticks: tuple[str, ...]
    lines: tuple[Line, ...]


def bars_of(
    run: RunShown, attempts: Sequence[Attempt], now: int, observer: Observer | None = None
) -> Axis:
    """From the start of the run to its end, or to now. `observer` tells what waits for what."""
    start = instant(run.started_at)
    end = instant(run.ended_at) if run.ended_at else now
    last = max((instant(one.at) + one.duration_ms for one in attempts), default=start)
    span = max(end - start, last - start, SHORTEST)
    states = {node["name"]: node["state"] for node in run.nodes}
    lines = []
    for node in run.nodes:
        mine = [one for one in attempts if one.action == node["name"]]
        bars = _bars(mine, start, span)
        lines.append(_with_note(node, bars, note_of(node, states, observer, now)))
    ticks = tuple(duration(span * tick // TICKS) for tick in range(TICKS + 1))
    return Axis(ticks, tuple(lines))


def note_of(node: NodeShown, states: Mapping[str, str], observer: Observer | None, now: int) -> str:
    """Why an action waits, was skipped, or what became of it, in a few words."""
    state = node["state"]
    before = _before(node["name"], observer)
    if state == "waiting":
        late = [name for name, _ in before if states.get(name) not in ("done", "skipped")]
        return f"waits for {', '.join(late)}" if late else "waits for its turn"
    if state == "skipped":
        spared = [name for name, kind in before if kind == "failure" and states.get(name) == "done"]
        return f"not needed: {', '.join(spared)} is done" if spared else "skipped"
    if state in ("scheduled", "buffered") and "next_at" in node:
        left = instant(node["next_at"]) - now
        when = f"in {duration(left)}" if left > 0 else "now"
        return f"{'tried again' if state == 'scheduled' else 'its batch goes'} {when}"
    return {"armed": "on the wire", "ready": "may be sent", "done": ""}.get(state, state)


def _before(name: str, observer: Observer | None) -> list[tuple[str, str]]:
    edges = () if observer is None else observer.edges
    return [(edge.source, edge.kind) for edge in edges if edge.to == name and edge.source]


def _with_note(node: NodeShown, bars: list[Bar], note: str) -> Line:
    """The note after the last bar, or before the first where there is no room after it."""
    end = max((bar.left + bar.width for bar in bars), default=0.0)
    end += ROOM if bars and bars[-1].beside else 0.0
    waits = node["state"] in ("waiting", "scheduled", "buffered")
    if waits and end < 100 - NARROWEST:
        bars = [*bars, Bar("wait", end, round(100 - end, 2))]
    at = end + 1 if end < 85 else max(0.5, min((bar.left for bar in bars), default=14.0) - 14)
    return Line(node["name"], node["state"], tuple(bars), note, round(at, 2))


def _bars(attempts: Sequence[Attempt], start: int, span: int) -> list[Bar]:
    bars: list[Bar] = []
    before = None
    for one in attempts:
        begin = instant(one.at) - start
        if before is not None and begin > before:
            bars.append(Bar("wait", _part(before, span), _part(begin - before, span)))
        good = one.error is None and one.status is not None and one.status < 400
        text = str(one.status or (one.error or "failed").partition(":")[0])
        width = max(NARROWEST, _part(one.duration_ms, span))
        left = min(_part(begin, span), 100 - width)
        bars.append(Bar("good" if good else "bad", left, width, text, one.number))
        before = begin + one.duration_ms
    return bars


def _part(ms: int, span: int) -> float:
    return round(max(0.0, min(100.0, 100 * ms / span)), 2)
