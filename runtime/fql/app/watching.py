"""What metrics and probes see of a runtime, and who listens to it, as settings say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fql.engine.loop.clock import Clock
from fql.engine.process.gauges import Watched
from fql.intake.port import Entrance, Source
from fql.observe.labels import Labels
from fql.observe.watch import Watch
from fql.plan.model import Plan
from fql.settings.model import Settings
from fql.store.port import Store


def watched_of(
    store: Store,
    arriving: Sequence[Source | Entrance],
    settings: Settings,
    *,
    clock: Clock,
    label: Labels,
) -> Watched:
    """A runtime as it is seen; its engine is set when it has one."""
    watched = Watched(store, clock, settings.store.max_size, label)
    watched.sources = arriving
    return watched


def watch_of(watched: Watched, settings: Settings, plan: Plan) -> Watch:
    """Who listens; each series is there from the start, at 0."""
    watch = Watch(settings.observability, watched)
    watch.expect(plan, ("emit", "inbox", *(one.name for one in watched.sources)))
    return watch


class Reloading(Protocol):
    """A runtime, as far as its reloads are seen."""

    _watched: Watched


def note_reload(runtime: Reloading, *, failed: bool) -> None:
    """Show in metrics whether the last reload failed, also one whose files could not be read."""
    runtime._watched.reload_failed = failed
