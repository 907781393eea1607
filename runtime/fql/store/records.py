"""What a store keeps, as plain rows; one `Mutations` is all that a commit changes.

Rows are named tuples, so that a database takes them as they are. Times are integer milliseconds
since 1970 (UTC). `works` is the stored form of a run's nodes (`fql.store.works`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fql.store.history.rows import History


class EventRow(NamedTuple):
    """An accepted event, stored once for all of its runs. It never changes.

    - `id`: its number in this store.
    - `source`, `position`: where it came from, and its place there.
    - `entity`, `kind`: whose row changed, and `insert`, `update` or `delete`.
    - `event_id`, `timestamp`: what receivers see as its id, and when it happened (ISO 8601, UTC).
    - `received`: when it was accepted.
    - `payload`, `context`: the normalised JSON of both rows, and of what its sender added.
    """

    id: int
    source: str
    position: str
    entity: str
    kind: str
    event_id: str
    timestamp: str
    received: int
    payload: str
    context: str


class RunRow(NamedTuple):
    """One observer for one event. The engine that holds the store changes it, in its commits.

    - `id`, `event`: the numbers of the run and of its event.
    - `plan`, `observer`: the short digest of the plan it came from, and its observer in that.
    - `key`: the root of its delivery keys, computed when the event was accepted.
    - `state`: `open`, `done`, `dead`, `cancelled` or `expired`.
    - `due`: when the engine must look at it; 0 now, None while it waits for something else.
    - `lane`: the endpoint it goes to next.
    - `order_key`: set while it holds or waits for its place in an `order_by` queue.
    - `started`, `ended`: when it was accepted, and when it ended (None: it is open).
    - `works`: its nodes, in the stored form of `fql.store.works`.
    - `held`: the engine must have it in memory, as part of a buffer or of a sealed batch.
    - `shard`: which part of the work it belongs to; 0 where a store has one.
    - `number`: its place in the order of all runs, which its id is not; drawn by the store.
    - `row_key`: the `@key` values of the row that changed, as one text.
    """

    id: int
    event: int
    plan: str
    observer: str
    key: str
    state: str
    due: int | None
    lane: str
    order_key: str | None
    started: int
    ended: int | None
    works: str
    held: bool = False
    shard: int = 0
    number: int = 0
    row_key: str = ""


class RunPatch(NamedTuple):
    """The columns of a run that change."""

    state: str
    due: int | None
    lane: str
    order_key: str | None
    ended: int | None
    works: str
    held: bool
    id: int


class BatchRow(NamedTuple):
    """A sealed batch: its members never change.

    - `id`, `key`: its number, and the delivery key of its one request.
    - `plan`, `observer`, `node`: what it sends, in the plan of its members.
    - `members`: the numbers of its runs, as `fql.store.works.decode_members` reads them.
    - `sealed`, `ended`: when no member could join any more, and when it ended (None: it is open).
    - `due`, `lane`, `work`, `shard`: as of a run; `work` is the one node that is sent.
    """

    id: int
    key: str
    plan: str
    observer: str
    node: str
    members: str
    sealed: int
    due: int | None
    lane: str
    ended: int | None
    work: str
    shard: int = 0


class AttemptRow(NamedTuple):
    """One finished try. It never changes.

    - `owner`, `node`, `number`: the run or batch, the action, and which try it was, from 1.
    - `at`, `duration_ms`: when it began, and how many milliseconds it took.
    - `status`: of the answer; None where none came.
    - `failure`, `error`: the class of what went wrong (None: nothing), and the reason in words.
    - `response_start`: the first characters of the answer, secrets masked.
    """

    owner: int
    node: str
    number: int
    at: int
    status: int | None
    failure: str | None
    error: str
    duration_ms: int
    response_start: str


class LetterRow(NamedTuple):
    """A dead letter. One that is resolved or discarded leaves the store.

    - `id`: what people call it by: `dlq_` with the run and the action.
    - `run`, `node`: whose action it is; None and empty for a change that did not fit (`capture`).
    - `observer`, `action`, `entity`, `event`, `event_id`: what it is about, to search and show.
    - `error_class`, `reason`, `failed_at`: why it is dead, by class and in words, and since when.
    - `state`: `dead`, or `replaying` from the replay to its end.
    - `handled`: 1 where an `else` chain took over, else 0.
    - `request`: the last rendered request as JSON, secrets masked.
    - `plan`, `key`: the whole digest of its plan, and its delivery key.
    - `batch`: the number of the sealed batch it was part of.
    - `source`, `payload`: where the event came from; the envelope as it came, of `capture` alone.
    - `shard`, `number`, `row_key`: those of its run, of which the store looks the number up; where
      there is no run, 0 and what is known.
    """

    id: str
    run: int | None
    node: str
    observer: str
    action: str
    entity: str
    event: str
    event_id: str
    error_class: str
    reason: str
    failed_at: int
    state: str
    handled: int
    request: str | None
    plan: str
    key: str
    batch: int | None
    source: str
    payload: bytes | None
    shard: int = 0
    number: int = 0
    row_key: str = ""


class LetterCopy(NamedTuple):
    """A change of a dead letter that another place is to be told of, in the order of commits.
    `change` is `dead`, with the whole letter, or says how it left: `resolved`, `discarded`,
    `evicted`."""

    number: int
    dlq_id: str
    change: str
    letter: LetterRow | None = None


class LimitRow(NamedTuple):
    """What an endpoint has left: tokens at a time, and until when it asked to be left alone."""

    endpoint: str
    tokens: float
    at: int
    blocked_until: int


class Remembered(NamedTuple):
    """An accepted key: 16-byte hash, the event it made, when, and a hash of its payload."""

    key: bytes
    event: int
    at: int
    payload: bytes


class Taken(NamedTuple):
    """A row of an outbox that is committed here and perhaps not deleted there yet: only a row with
    such an `id` is dropped when it is read again. `outbox` is the incarnation of its outbox,
    `number` its place there, which identifies nothing."""

    id: bytes
    outbox: str
    number: int


class Command(NamedTuple):
    """An entry of the inbox: what a client wants. `body` is JSON, `by` who asked (empty: not
    said), `shard` the part of the work it is for."""

    id: int
    kind: str
    body: bytes
    at: int
    by: str = ""
    shard: int = 0


class StoredPlan(NamedTuple):
    """A plan that open work or a dead letter refers to; `short` is what rows carry."""

    short: str
    digest: str
    blob: bytes
    at: int


class Loaded(NamedTuple):
    """A run with its event, read back."""

    run: RunRow
    event: EventRow


@dataclass(slots=True)
class Hint:
    """What an engine wrote into a shard of another one: lanes in which something is due, places at
    the end of queues as (order key, run), and runs that are to be read back."""

    lanes: set[str] = field(default_factory=set)
    queued: list[tuple[str, int]] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Mutations:
    """Everything one commit changes, or nothing of it. `letter_states` are (state, id); `runs` get
    their numbers in their order. `hints` tell the owners of other shards what was written there;
    `released` shards are given back; `history` is for people; `generation` is of the plan."""

    events: list[EventRow] = field(default_factory=list)
    runs: list[RunRow] = field(default_factory=list)
    patches: list[RunPatch] = field(default_factory=list)
    batches: list[BatchRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    letters: list[LetterRow] = field(default_factory=list)
    letter_states: list[tuple[str, str]] = field(default_factory=list)
    limits: list[LimitRow] = field(default_factory=list)
    remembered: list[Remembered] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    forgotten: list[bytes] = field(default_factory=list)
    pauses: dict[str, bool] = field(default_factory=dict)
    consumed: list[int] = field(default_factory=list)
    plans: list[StoredPlan] = field(default_factory=list)
    active: str | None = None
    dropped_runs: list[int] = field(default_factory=list)
    hints: dict[int, Hint] = field(default_factory=dict)
    released: list[int] = field(default_factory=list)
    history: History | None = None
    generation: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__ if name != "generation")


@dataclass(slots=True)
class Snapshot:
    """What an engine needs at its start; the rest is paged in.

    `clean`: the last engine drained. `lanes` are endpoints with stored work, `queues` (order key,
    run id), what is under way first, then by arrival; `halted` are dead and block their key; `held`
    are runs in buffers and open batches. `shards` are those it was made of.
    """

    clean: bool = True
    open_runs: int = 0
    plans: list[StoredPlan] = field(default_factory=list)
    active: str | None = None
    lanes: list[str] = field(default_factory=list)
    queues: list[tuple[str, int]] = field(default_factory=list)
    halted: list[int] = field(default_factory=list)
    held: list[Loaded] = field(default_factory=list)
    batches: list[BatchRow] = field(default_factory=list)
    limits: list[LimitRow] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    taken: dict[bytes, str] = field(default_factory=dict)
    pauses: list[str] = field(default_factory=list)
    shards: frozenset[int] = frozenset((0,))


@dataclass(frozen=True, slots=True)
class Page:
    """A wish for runs: those of `ids`, or the oldest `limit` of `lane` that are due by `horizon`
    and not in `held`. A run that could go at once is as old as its start, one that is tried again
    as its due time. `fresh` leaves out what is tried again. Of these `shards` only, unless that is
    None."""

    lane: str = ""
    horizon: int = 0
    limit: int = 0
    ids: tuple[int, ...] = ()
    held: frozenset[int] = frozenset()
    fresh: bool = False
    shards: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Paged:
    """The answer to a Page. `next_due` is the first due time that was left in the store, 0 where
    that could go at once; `since` is when the oldest that was left could first have gone. A page of
    what is `fresh` does not tell them."""

    page: Page
    runs: Sequence[Loaded]
    next_due: int | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """What prune may delete: finished runs that ended before `runs_before`, remembered keys from
    before `keys_before`, closed and old dead letters from before `letters_before`; of events
    without a run all but `unmatched_max`. Minutes are merged by the time `now`."""

    runs_before: int
    keys_before: int
    letters_before: int
    keys_max: int = 50_000_000
    store_max: int = 10_000_000_000
    letters_max: int = 10_000_000_000
    slice: int = 500
    now: int = 0
    unmatched_max: int = 10_000
