"""The stored form of work: the letters of its states, its ids, and nodes as JSON.

The one module that knows these forms. Engine, stores, clients and tools ask it; nobody else reads
the text in `works` or puts an id together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

from fql.exact.kinds import as_a
from fql.exact.reading import read_json, read_object
from fql.exact.writing import write_json
from fql.store.records import EventRow


def context_of(event: EventRow) -> dict[str, str]:
    """What the sender of an event added to it, as `EventRow.context` holds it. Raises NotJson,
    TypeError."""
    stored = read_object(event.context or "{}")
    return {name: as_a(str, text) for name, text in stored.items()}


# States ------------------------------------------------------------------------------------------

WAITING, READY, ARMED, ALONE, SCHEDULED = "w", "r", "a", "A", "s"
BUFFERED, MEMBER = "b", "m"
DONE, DEAD, SKIPPED, PASSED, CANCELLED = "d", "x", "k", "o", "c"

ACTIVE = frozenset({READY, ARMED, ALONE, SCHEDULED, BUFFERED, MEMBER})
"""States in which a node moves by itself."""
TERMINAL = frozenset({DONE, DEAD, SKIPPED, PASSED, CANCELLED})
HELD = frozenset({BUFFERED, MEMBER})
"""States of a node that is part of a batch: its run must be in memory."""

STATE_NAMES = {
    WAITING: "waiting", READY: "ready", ARMED: "armed", ALONE: "armed", SCHEDULED: "scheduled",
    BUFFERED: "buffered", MEMBER: "armed", DONE: "done", DEAD: "dead", SKIPPED: "skipped",
    PASSED: "skipped", CANCELLED: "cancelled",
}  # fmt: skip
"""What people read: *alone* and *member* are kinds of armed, *passed* is a kind of skipped."""


class Replay(IntEnum):
    """Why a node is sent again, and by which plan."""

    NONE = 0
    BY_ACTIVE = 1
    """A dead letter, by the plan that is active now."""
    BY_ORIGINAL = 2
    """A dead letter, by the plan that its run started with."""
    LAST_TRY = 3
    """Cancelled while it was on the wire: a failure is not tried again."""


REPLAYS = frozenset({Replay.BY_ACTIVE, Replay.BY_ORIGINAL})
"""While a node has one of these, its dead letter is marked `replaying`."""


# Nodes -------------------------------------------------------------------------------------------


class StoredFailure(NamedTuple):
    """Why a node is dead, as later actions read it."""

    message: str
    status: int | None
    error_class: str
    attempts: int


class StoredWork(NamedTuple):
    """One node of a run, or what a sealed batch sends. Times in milliseconds since 1970.

    `sends` counts armings, `failed` the failed attempts of this grant, `crashes` consecutive ones.
    `due` is when it is tried again, `since` when the grant's first attempt began. `answer` is a
    JSON value. `batch` is the number of its sealed batch; `key` is set where the delivery key is
    not the one that follows from its run. `redelivery` says that an engine has crashed while it
    may have been on the wire. `bulk` is the number of the bulk replay that counts how it ends.
    """

    state: str = WAITING
    sends: int = 0
    failed: int = 0
    crashes: int = 0
    due: int = 0
    since: int = 0
    answer: object = None
    failure: StoredFailure | None = None
    batch: int = 0
    key: str = ""
    replay: Replay = Replay.NONE
    redelivery: bool = False
    bulk: int = 0


class Failure(Protocol):
    """What `encode_works` reads of a failure."""

    @property
    def message(self) -> str: ...
    @property
    def status(self) -> int | None: ...
    @property
    def error_class(self) -> str: ...
    @property
    def attempts(self) -> int: ...


class Storable(Protocol):
    """What `encode_works` reads of a node; see `StoredWork`."""

    @property
    def state(self) -> str: ...
    @property
    def sends(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def crashes(self) -> int: ...
    @property
    def due(self) -> int: ...
    @property
    def since(self) -> int: ...
    @property
    def answer(self) -> object: ...
    @property
    def failure(self) -> Failure | None: ...
    @property
    def batch(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def replay(self) -> Replay: ...
    @property
    def redelivery(self) -> bool: ...
    @property
    def bulk(self) -> int: ...


_PLAIN = list(StoredWork())
"""A node as at the start; what is missing at the end of a stored one is as here."""


def encode_works(works: Sequence[Storable]) -> str:
    """Nodes as JSON: a list for each, which may leave out what is as at the start."""
    if len(works) == 1:
        return f"[{_encoded(works[0])}]"
    return f"[{','.join(map(_encoded, works))}]"


def _encoded(work: Storable) -> str:
    """Numbers alone where there is nothing else to say, as nearly always."""
    head = f'["{work.state}",{work.sends},{work.failed},{work.crashes},{work.due},{work.since}'
    failure = work.failure
    plain = failure is None and work.answer is None
    if plain and not (work.batch or work.key or work.replay or work.redelivery or work.bulk):
        return head + "]"
    why = None
    if failure is not None:
        why = [failure.message, failure.status, failure.error_class, failure.attempts]
    values = [work.answer, why, work.batch, work.key, int(work.replay)]
    if work.redelivery or work.bulk:
        values.append(work.redelivery)
    rest = write_json([*values, work.bulk] if work.bulk else values)
    return f"{head},{rest[1:-1].decode()}]"


def decode_works(text: str) -> list[StoredWork]:
    """The nodes that `encode_works` wrote. Raises ValueError for any other text."""
    nodes = read_json(text)
    if not isinstance(nodes, list):
        raise ValueError("stored works are not a list")  # noqa: TRY004 - the text is wrong
    return [_decoded(node) for node in nodes]


def _decoded(node: object) -> StoredWork:
    if not isinstance(node, list) or not node or node[0] not in STATE_NAMES:
        raise ValueError(f"not a stored node: {str(node)[:60]}")
    state, sends, failed, crashes, due, since, answer, why, batch, key, replay, again, bulk = (
        node + _PLAIN[len(node) :]
    )
    failure = None if why is None else StoredFailure(*why)
    return StoredWork(
        state, sends, failed, crashes, due, since, answer, failure, batch, key, Replay(replay),
        bool(again), bulk,
    )  # fmt: skip


def bury_works(text: str) -> tuple[list[StoredWork], list[int]]:
    """Stored nodes of which every moving one is dead now, and the indices of these. Where none
    moves it is the first that waits. Raises ValueError for any other text."""
    works = decode_works(text)
    moving = [index for index, work in enumerate(works) if work.state in ACTIVE]
    waiting = [index for index, work in enumerate(works) if work.state == WAITING]
    given_up = moving or waiting[:1]
    for index in given_up:
        works[index] = works[index]._replace(state=DEAD, due=0, replay=Replay.NONE, bulk=0)
    return works, given_up


def must_be_held(works: Iterable[Storable | StoredWork]) -> bool:
    """Whether an engine must have the run in memory: it is part of a buffer or a sealed batch."""
    for work in works:  # noqa: SIM110 - this is asked with each row, and twice as quick
        if work.state in HELD:
            return True
    return False


def encode_members(runs: Sequence[int]) -> str:
    """The ids of the members of a batch, in their order."""
    return f"[{','.join(map(str, runs))}]"


def decode_members(text: str) -> list[int]:
    """What `encode_members` wrote. Raises ValueError for any other text."""
    runs = read_json(text)
    if not isinstance(runs, list) or not all(isinstance(run, int) for run in runs):
        raise ValueError(f"not the members of a batch: {text[:60]}")
    return runs


# Ids ---------------------------------------------------------------------------------------------


def run_name(run: int) -> str:
    """A run's id as people see it."""
    return f"run_{run:x}"


def batch_name(batch: int) -> str:
    """A batch's id as people see it."""
    return f"bat_{batch:x}"


def event_name(event: int) -> str:
    """A receipt's id as people see it."""
    return f"evt_{event:x}"


def inbox_name(command: int) -> str:
    """The id of a receipt that no engine has taken yet."""
    return f"inbox_{command:x}"


def letter_name(run: int, node: str) -> str:
    """A dead letter's id: one for each node of a run, so that a failed replay keeps it."""
    return f"dlq_{run:x}_{node}"


def capture_name(number: int) -> str:
    """The id of a dead letter that has no run: a change that did not fit its entity."""
    return f"dlq_{number:x}"


def parse_name(name: str) -> int | None:
    """The number in `run_...`, `bat_...`, `evt_...` as this module writes them; None for anything
    else, such as a number that no store can hold."""
    found = _NAME.fullmatch(name)
    number = int(found[1], 16) if found else _BEYOND
    return number if number < _BEYOND else None


_NAME = re.compile(r"(?:run|bat|evt)_([0-9a-f]{1,16})", re.ASCII)
_BEYOND = 1 << 63
