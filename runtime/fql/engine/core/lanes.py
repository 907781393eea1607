"""Where a run is in line: the lane of the endpoint it goes to next. Pure.

Memory holds so many runs of each lane; the others wait in the store and are read back lane by lane,
so that a receiver which answers slowly fills its own lane only. A run that goes to several
endpoints at once is in the lane `MIXED`, lest the slow one among them holds up the others.
"""

from __future__ import annotations

from fql.engine.core.runs import Run
from fql.store.works import ACTIVE, READY

MIXED = "*"
"""No name of an endpoint: those are identifiers or origins."""


def lane_of(run: Run) -> str:
    """The lane of what moves now; that of before where nothing does."""
    lane = ""
    for work in run.works:
        if work.state in ACTIVE and work.spec.endpoint != lane:
            if lane:
                return MIXED
            lane = work.spec.endpoint
    return lane or run.lane


def only_waits(run: Run) -> bool:
    """Whether all that moves waits for its turn at an endpoint: nothing is on the wire, in a batch
    or due at a time."""
    return all(work.state == READY for work in run.works if work.state in ACTIVE)


def first_lane(run: Run) -> str:
    """The lane of the first node that waits; for a run that is in `MIXED` for nothing."""
    return next((w.spec.endpoint for w in run.works if w.state in ACTIVE), run.lane)
