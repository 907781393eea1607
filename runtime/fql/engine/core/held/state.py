"""The state that the core changes: open work in memory, endpoints, timers, queues."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from fql.engine.core.held.aside import Aside, Rung
from fql.engine.core.held.buffers import Buffer, BufferKey
from fql.engine.core.held.endpoints import Bucket, Endpoint, Slots
from fql.engine.core.held.inputs import (
    Attempt,
    CoreSettings,
    NewEvent,
    Order,
    Performed,
    Refused,
    RunEnded,
    Step,
    Tally,
)
from fql.engine.core.held.lanes import MIXED, lane_of
from fql.engine.core.held.runs import Run, SealedBatch, Work
from fql.engine.core.held.shards import Shards
from fql.engine.core.held.timers import Timers
from fql.engine.program.limits import NEVER, EndpointLimits
from fql.engine.program.model import Program
from fql.store.records import BatchRow, Hint, LetterRow, Mutations, Page
from fql.store.works import WAITING

DEFAULT_LIMITS = EndpointLimits()


@dataclass(frozen=True, slots=True)
class Stuck:
    """Why a stored run cannot go on now. `held`: it is part of a batch."""

    why: str
    held: bool = False
    shard: int = 0


by_id = attrgetter("id")
"""Within one engine ids are the order of arrival."""


class State:
    """Open work in memory. Only the functions of the core's rooms change it, on one thread.

    `chance` gives numbers in [0, 1) for jitter. Ids are taken from `next_id` on. `item` is what is
    being worked on, to be set `aside` if that raises.
    """

    def __init__(
        self,
        program: Program,
        settings: CoreSettings,
        chance: Callable[[], float],
        next_id: int,
        now: int,
        *,
        aside: Aside | None = None,
        shards: Shards | None = None,
    ) -> None:
        # What is being worked on: set before what may raise.
        self.item: object = None
        # What has raised before and is given up; it outlives this state, which is loaded again.
        self.aside = Aside() if aside is None else aside
        self.settings = settings
        # Which part of the work in the store is this engine's.
        self.shards = Shards() if shards is None else shards
        self.chance = chance
        # Milliseconds since 1970 by the engine's clock, which `begin` moves, and its start.
        self.now = self.started = now
        # The next id of an event, run or batch; `number` takes it.
        self.next_number = next_id
        # What new events go by; `step` changes it when a plan is switched to.
        self.active = program
        # By short digest: the active program and those of stored plans that open runs need.
        self.programs: dict[str, Program] = {program.short: program}
        # Open runs in memory; `hold` and `let_go` change it. The others wait in the store.
        self.runs: dict[int, Run] = {}
        # Sealed batches that have not ended. `batching` adds, `finish` removes them.
        self.batches: dict[int, SealedBatch] = {}
        # All receivers met so far, by name.
        self.endpoints: dict[str, Endpoint] = {}
        # Members of batches that are not sealed yet.
        self.buffers: dict[BufferKey, Buffer] = {}
        # By stored name of an `order_by` key: open runs in their order; the first may move.
        self.queues: dict[str, deque[int]] = {}
        # What is tried again at a time, and has not left memory.
        self.timers = Timers()
        # What is armed and has no outcome yet. `arm` adds, `land` removes it.
        self.in_flight: set[Work] = set()
        # How much of that goes beyond the shares of its endpoints; counted again by each `arm`.
        self.shared_in_flight = 0
        # Stored runs that cannot go on, such as those whose plan lacks a `${NAME}`.
        self.stuck: dict[int, Stuck] = {}
        # Sealed batches whose members are not all in memory, or whose plan cannot be used.
        self.left: list[BatchRow] = []
        # Dead runs that block their `order_by` key until they are replayed or discarded.
        self.halted: set[int] = set()
        # Attempts of the state before this one that are still on the wire: owner, node, number.
        self.aloft: set[Attempt] = set()
        # Runs of those that are to be read back: until then nobody knows how much is on the wire.
        self.unmet: set[int] = set()
        # Ready work of paused observers, by observer; `resume` queues it again.
        self.parked: dict[str, list[Work]] = {}
        # Names of observers and endpoints that a person has paused.
        self.paused: set[str] = set()
        # Bulk replays that a person has stopped.
        self.stopped: set[int] = set()
        # Commands that wait until their run has been read back, by run.
        self.pending: dict[int, list[Order]] = {}
        # Outcomes that came before their run was read back, by run.
        self.late: dict[int, list[Performed]] = {}
        # Runs that another engine has put into a queue here, by key, until they are read back.
        self.hinted: dict[int, str] = {}
        # Runs to be read back by their id; the next step asks for them.
        self.wanted_ids: list[int] = []
        # Nothing more is armed; set once, when the engine stops.
        self.draining = False
        # Whether the engine before this one ended without a drain; `restore` sets it.
        self.count_crashes = False
        # Outcomes of the last step, for `room`.
        self.outcomes = 0
        # When a shortage of this process was last told of, in milliseconds since 1970.
        self.shortage_told = 0
        # Numbers since the engine's start.
        self.tally = Tally()
        # Events of this step by the hash of their key, so that twins in one commit are found.
        self.fresh: dict[bytes, NewEvent] = {}
        self._renew()
        self.meet_endpoints(program)

    def meet_endpoints(self, program: Program) -> None:
        """Know all receivers of a plan from the start, so that shares do not change under way."""
        for name in program.receivers:
            self.endpoint(name)

    def begin(self, now: int) -> None:
        """Start a step. What taking stored work back has changed is part of it."""
        self.now = max(now, self.now)

    def end(self, sends: list[Work], wants: list[Page], wake: int | None) -> Step:
        """The step that was made of all changes since the last one."""
        step = Step(
            self.mutations, sends, wants, self.ended, self.letters, self.attempted, self.refused,
            self.shortages, wake, self.turned_away,
        )  # fmt: skip
        self._renew()
        return step

    def _renew(self) -> None:
        """Begin to gather what the next commit writes and what is told after it."""
        self.mutations = Mutations()
        # Runs, batches and endpoints to be written in this commit.
        self.dirty: dict[int, Run] = {}
        self.dirty_batches: dict[int, SealedBatch] = {}
        self.dirty_limits: dict[str, Endpoint] = {}
        # What is told of once the commit is durable: ends, letters, attempts, ...
        self.ended: list[RunEnded] = []
        self.letters: list[LetterRow] = []
        self.attempted: list[Performed] = []
        self.shortages: list[str] = []
        self.refused: list[Refused] = []
        # Entries of the inbox that are for another engine by now, and stay there.
        self.turned_away: list[int] = []
        # Runs that may leave memory at the end of this step, as their work waits for a time.
        self.evictable: list[Run] = []
        # Runs that have left memory in this step; see `take_apart`.
        self.gone: list[Run] = []
        self.fresh.clear()

    def number(self) -> int:
        """The next id of an event, run or batch."""
        taken = self.next_number
        self.next_number += 1
        return taken

    def endpoint(self, name: str) -> Endpoint:
        """The receiver of this name, made when first met."""
        found = self.endpoints.get(name)
        if found is None:
            limits = self.active.limits.get(name, DEFAULT_LIMITS)
            shared = self.shards.shared
            bucket = Bucket(0.0 if shared else float(limits.burst), self.now, shared)
            slots = Slots(shared, unsure=name in self.shards.asked)
            found = Endpoint(name, limits, bucket, slots, paused=self.is_held_back(name))
            self.endpoints[name] = found
        return found

    def is_held_back(self, name: str) -> bool:
        """Whether an endpoint gets nothing for now: a person has paused it, or its limits cannot
        be judged, not even a second time."""
        blame = self.aside.endpoints.items.get(name)
        return name in self.paused or (blame is not None and blame.times >= Rung.BY_ITS_ROW)

    def share(self) -> int:
        """How many requests each endpoint may have in flight whatever the others do: half of all
        is shared out, the other half is for whoever needs more."""
        limit = self.settings.max_in_flight
        count = len(self.endpoints) - (MIXED in self.endpoints)
        return limit if count < 2 else max(1, limit // 2 // count)

    def quota(self) -> int:
        """How many runs each endpoint may hold in memory whatever the others do."""
        return max(16, self.settings.window // max(1, len(self.endpoints)))

    def may_hold(self, endpoint: Endpoint) -> bool:
        """Whether one more run for this endpoint fits into memory, and none that is older waits
        for that in the store."""
        if endpoint.stored_due <= self.now:
            return False
        if endpoint.held < self.quota():
            return True
        window = self.settings.window
        return endpoint.held < window // 2 and len(self.runs) < window

    def room(self, outcomes: int) -> int | None:
        """How many events to take in beside so many outcomes; None: all there are.

        While receivers keep up, what cannot be sent yet waits outside for a few commits: it would
        be written to the store twice, or even be read back. Some go in anyway, lest work
        that waits for a slow receiver holds up the events of others. Where most of what was on the
        wire is still there, receivers are the brake, and the store takes everything."""
        lately, self.outcomes = self.outcomes + outcomes, outcomes
        if lately * 2 <= len(self.in_flight):
            return None
        limit = self.settings.max_in_flight
        ready = sum(len(endpoint.ready) for endpoint in self.endpoints.values())
        return max(limit // 4, limit - len(self.in_flight) + outcomes - ready)

    def is_overfull(self, endpoint: Endpoint) -> bool:
        """Whether memory holds more runs for this endpoint than `may_hold` lets in."""
        window = self.settings.window
        crowded = endpoint.held > window // 2 or len(self.runs) > window
        return crowded and endpoint.held > self.quota()

    def hold(self, run: Run) -> None:
        """Keep a run in memory."""
        self.runs[run.id] = run
        self._count(run, 1)

    def let_go(self, run: Run) -> None:
        """Forget a run; what is stored of it stays."""
        if self.runs.pop(run.id, None) is not None:
            self._count(run, -1)
            run.resting = False
        self.gone.append(run)

    def _count(self, run: Run, by: int) -> None:
        """Let a run in memory count at its endpoint, or no longer."""
        if run.lane and run.resting:
            self.endpoint(run.lane).resting += by
        elif run.lane:
            self.endpoint(run.lane).held += by

    def rest(self, run: Run, *, resting: bool) -> None:
        """A run in memory does nothing but wait for a time, or moves again: what waits takes no
        place that others could use now."""
        if run.resting != resting:
            self._count(run, -1)
            run.resting = resting
            self._count(run, 1)

    def spill(self, run: Run) -> None:
        """Leave a run to the store: its endpoint knows that something waits there."""
        due = run.due()
        if due is not None:
            endpoint = self.endpoint(run.lane)
            endpoint.stored_due = min(endpoint.stored_due, due)
            endpoint.stored_since = min(endpoint.stored_since, run.since())
        # Queues and timers may still name these works: they pass over what has not the state that
        # they expect, which is quicker than to search them for what leaves.
        for work in run.works:
            work.state = WAITING
        self.gone.append(run)

    def hint(self, shard: int) -> Hint:
        """What the owner of a shard is told of this commit."""
        return self.mutations.hints.setdefault(shard, Hint())

    def take_apart(self) -> None:
        """Let runs that have left memory be freed at once. Each and its works refer to each other,
        so that otherwise the garbage collector would have to find them, among all others."""
        for run in self.gone:
            self.item = run
            if self.runs.get(run.id) is not run:
                for work in run.works:
                    self.timers.drop(work)
                run.works = []
        self.item = None

    def place(self, run: Run) -> None:
        """Put a run into the lane of what it does next."""
        lane = lane_of(run)
        if lane == MIXED or run.id in self.runs:
            self.evictable.append(run)
        if lane != run.lane:
            self.move(run, lane)

    def move(self, run: Run, lane: str) -> None:
        """Put a run into another lane."""
        known = run.id in self.runs
        if known:
            self._count(run, -1)
        run.lane = lane
        if known:
            self._count(run, 1)

    def touch(self, run: Run) -> None:
        """The run must be written in this commit."""
        self.dirty[run.id] = run
        if run.resting:
            self.rest(run, resting=False)

    def flush(self) -> None:
        """Turn what was touched into rows."""
        mutations = self.mutations
        for run in self.dirty.values():
            self.item = run
            if run.stored:
                mutations.patches.append(run.patch())
            else:
                mutations.runs.append(run.row())
                run.stored = True
        # They were touched in any order; the store gets new rows in the order of arrival.
        mutations.runs.sort(key=by_id)
        for batch in self.dirty_batches.values():
            self.item = batch
            mutations.batches.append(batch.row())
            batch.stored = True

    def homeless(self) -> list[Order]:
        """Commands that wait for their run and are in no inbox: they must outlive this state."""
        return [one for orders in self.pending.values() for one in orders if one.consumed is None]

    def stored_work(self) -> bool:
        """Whether work waits in the store."""
        return any(endpoint.stored_due != NEVER for endpoint in self.endpoints.values())

    def is_idle(self) -> bool:
        """Nothing is ready, armed, scheduled, buffered or asked for."""
        return not (
            self.runs or self.batches or self.in_flight or self.wanted_ids or self.pending
            or self.stored_work()
        )  # fmt: skip
