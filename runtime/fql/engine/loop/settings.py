"""What of the settings the engine needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from socket import gethostname
from typing import Required, TypedDict

from fql.engine.core.held.inputs import CoreSettings
from fql.engine.loop.clock import Clock
from fql.engine.loop.memory import Plans
from fql.engine.loop.sharing.following import Adopt
from fql.observe.events import Listener
from fql.settings.model import Settings


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """`drain` is how long, in seconds, what is on the wire may take to end when leaving; `holder`
    is the name under which the store is held."""

    core: CoreSettings = field(default_factory=CoreSettings)
    max_uncommitted: int = 1000
    drain: float = 30.0
    holder: str = ""


class Parts(TypedDict, total=False):
    """What `Cycles` is made of besides its store and program. `plans` makes programs of stored
    plans that open work needs, `adopt` that of a plan which others have activated; `chance` gives
    numbers in [0, 1); `listeners` hear of what happens. `present` gives what a pulse tells besides
    the work."""

    clock: Required[Clock]
    plans: Required[Plans]
    adopt: Adopt | None
    settings: LoopSettings | None
    chance: Callable[[], float]
    listeners: Sequence[Listener]
    present: Callable[[], Mapping[str, object]]


def loop_settings(settings: Settings, holder: str) -> LoopSettings:
    """Those of `[webhooks.dispatch]` and `[store]`."""
    dispatch = settings.webhooks.dispatch
    core = CoreSettings(
        max_in_flight=dispatch.max_in_flight,
        window=dispatch.max_queue_size,
        crash_budget=dispatch.crash_budget,
        background_retry=dispatch.background_retry,
        keep_done=settings.store.keep_runs > 0,
        keep_unmatched=settings.store.keep_unmatched,
        holder=f"{holder} on {gethostname()}",
    )
    return LoopSettings(core, dispatch.max_queue_size, dispatch.drain / 1000, holder)
