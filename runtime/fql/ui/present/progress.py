"""How far a replay of many dead letters is. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from fql.store.showing.history import Bulk
from fql.ui.present.words import duration, instant, rate

SHOWN = 3
"""Replays that have ended and are still shown, the newest, for this time."""
KEPT = 3_600_000


@dataclass(frozen=True, slots=True)
class Progress:
    """A replay: its id, a title, what there is to say, and how much of all is done. `stoppable`
    is one that still marks more."""

    id: str
    title: str
    text: str
    done: int
    total: int
    stoppable: bool = False


def progress_of(bulks: Iterable[Bulk], wall: int, begun: str = "") -> list[Progress]:
    """Those that go on, the newest first, and a few that have ended lately. `begun` is one that was
    asked for just now, which an engine may not have taken yet."""
    bulks = list(bulks)
    found = [_progress(one) for one in bulks if one.state in ("running", "marked")]
    over = [one for one in bulks if one.state not in ("running", "marked")]
    lately = [one for one in over if wall - instant(one.at) < KEPT]
    if begun and all(one.id != begun for one in bulks):
        found.insert(0, Progress(begun, "Waiting", "for an engine to begin", 0, 1))
    return found + [_progress(one) for one in lately[:SHOWN]]


def _progress(one: Bulk) -> Progress:
    going = one.state in ("running", "marked")
    parts = [
        f"{one.ended if going else one.marked:,} of {one.total:,}",
        f"{one.resolved:,} resolved",
        f"{one.dead:,} dead again",
    ]
    if one.other:
        parts.append(f"{one.other:,} discarded or cancelled")
    parts += [f"{number:,} passed over: {why}" for why, number in one.passed.items()]
    given = one.asked.get("rate")
    speed = float(given) if isinstance(given, int | float | Decimal) else 0.0
    if one.state == "running" and speed > 0:
        left = max(0, one.total - one.marked)
        parts += [f"{rate(speed)} a second", f"{duration(int(1000 * left / speed))} left"]
    if one.by:
        parts.append(f"asked for by {one.by}")
    title = {"running": "Replaying", "marked": "Replaying", "stopped": "Stopped"}
    total = max(1, one.total, one.marked)
    return Progress(
        one.id, title.get(one.state, "Replayed"), " · ".join(parts), min(one.ended, total), total,
        stoppable=one.state == "running",
    )  # fmt: skip
