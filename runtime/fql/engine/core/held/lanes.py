"""Where a run is in line: the lane of the endpoint it goes to next. Pure.

Memory holds so many runs of each lane; the others wait in the store and are read back lane by lane,
so that a receiver which answers slowly fills its own lane only. A run that goes to several
endpoints at once is in the lane `MIXED`, lest the slow one among them holds up the others.
"""

from __future__ import annotations

from collections.abc import Callable

from fql.engine.core.held.endpoints import Endpoint
from fql.engine.core.held.runs import Run
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


def liveliest_lane(run: Run, endpoint: Callable[[str], Endpoint]) -> str:
    """Of the lanes of a run that is in `MIXED`, that of the endpoint which has answered last, or
    else has the fewest runs in memory: what the run has for the others is sent when its lane moves,
    so it must not be that of a receiver which never answers. `endpoint` gives one by its name."""
    names = dict.fromkeys(work.spec.endpoint for work in run.works if work.state in ACTIVE)
    found = [endpoint(name) for name in names]
    return min(found, key=lambda one: (-one.landed, one.held)).name if found else run.lane
