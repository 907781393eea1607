"""The rows of history, as plain tuples. Times are integer milliseconds since 1970 (UTC)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Result = Literal["unmatched", "unknown", "refused", "unkept"]
"""What became of an event without a run: no observer matched it, the plan does not know its entity,
or it does not fit its entity. A row that is `unkept` says how many more there were in a second."""
RESULTS: tuple[Result, ...] = ("unmatched", "unknown", "refused", "unkept")


class UnmatchedRow(NamedTuple):
    """An event without a run. It never changes.

    - `id`: its number in this store; that of its receipt where it was accepted.
    - `at`: when it was taken.
    - `source`, `entity`, `kind`, `event_id`: as of an event; `kind` and `event_id` may be empty.
    - `result`, `reason`: what became of it, and why in words.
    - `row_key`: as of a run.
    - `plan`: the short digest of the plan that judged it.
    - `payload`: the normalised JSON of both rows, where it fits its entity; else empty.
    """

    id: int
    at: int
    source: str
    entity: str
    kind: str
    event_id: str
    result: str
    reason: str
    row_key: str
    plan: str
    payload: str


class MinuteRow(NamedTuple):
    """What one engine has counted of a name in a span of time.

    - `span`, `at`: the length of the span and its begin, in milliseconds.
    - `kind`, `name`: `engine` (without a name), `observer`, `action` (`observer/action`) or
      `endpoint`.
    - `session`: the engine's; 0 where the rows of all have been merged.
    - `numbers`: a JSON object of counts; see `fql.store.history.minutes`.
    """

    span: int
    at: int
    kind: str
    name: str
    session: int
    numbers: str


class PulseRow(NamedTuple):
    """One engine, by its `session`, as it was a moment ago, while somebody watches."""

    session: int
    at: int
    holder: str
    body: str


RUNNING, STOPPED, MARKED = "running", "stopped", "marked"
"""States of a bulk: more may be marked; a person has stopped that; all have been looked at."""


class BulkRow(NamedTuple):
    """A replay of many dead letters.

    - `id`: the number of the command that began it.
    - `at`, `by`: when it was asked for, and who asked.
    - `asked`: what is replayed, and how, and what was passed on the way, as
      `fql.store.showing.bulks` writes it.
    - `total`: how many the dry run had counted.
    - `cursor_at`, `cursor_id`: `failed_at` and id of the last dead letter that was looked at; it
      goes from the newest one of the dry run to older ones.
    - `state`: `running`, `stopped` by a person, or `marked` when the last one has been looked at.
    - `marked`: how many were given a replay; of these `resolved`, `dead` again, and `other`: ended
      in another way (discarded, cancelled, refused).
    """

    id: int
    at: int
    by: str
    asked: str
    total: int
    cursor_at: int
    cursor_id: str
    state: str = RUNNING
    marked: int = 0
    resolved: int = 0
    dead: int = 0
    other: int = 0


class BulkStep(NamedTuple):
    """What is added to the counts of a bulk; a cursor, state or `asked` that is None stays. The
    state changes only while it is `running`."""

    id: int
    cursor_at: int | None = None
    cursor_id: str | None = None
    state: str | None = None
    marked: int = 0
    resolved: int = 0
    dead: int = 0
    other: int = 0
    asked: str | None = None


class Posted(NamedTuple):
    """An entry of the inbox that a commit itself makes."""

    kind: str
    body: bytes
    at: int
    by: str
    shard: int


@dataclass(slots=True)
class History:
    """What one commit adds to the history. `steps` has one for each bulk."""

    unmatched: list[UnmatchedRow] = field(default_factory=list)
    minutes: Sequence[MinuteRow] = ()
    pulse: PulseRow | None = None
    bulks: list[BulkRow] = field(default_factory=list)
    steps: dict[int, BulkStep] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)

    def step(self, step: BulkStep) -> None:
        """Add this to what the commit says of its bulk, which may begin in it."""
        for place, row in enumerate(self.bulks):
            if row.id == step.id:
                self.bulks[place] = stepped(row, step)
                return
        before = self.steps.get(step.id)
        self.steps[step.id] = step if before is None else _added(before, step)


def _added(one: BulkStep, other: BulkStep) -> BulkStep:
    return BulkStep(
        id=one.id,
        cursor_at=one.cursor_at if other.cursor_at is None else other.cursor_at,
        cursor_id=one.cursor_id if other.cursor_id is None else other.cursor_id,
        state=one.state or other.state,
        marked=one.marked + other.marked,
        resolved=one.resolved + other.resolved,
        dead=one.dead + other.dead,
        other=one.other + other.other,
        asked=other.asked or one.asked,
    )


def stepped(row: BulkRow, step: BulkStep) -> BulkRow:
    """The row of a bulk after a step."""
    return row._replace(
        cursor_at=row.cursor_at if step.cursor_at is None else step.cursor_at,
        cursor_id=row.cursor_id if step.cursor_id is None else step.cursor_id,
        state=step.state or row.state if row.state == RUNNING else row.state,
        marked=row.marked + step.marked,
        resolved=row.resolved + step.resolved,
        dead=row.dead + step.dead,
        other=row.other + step.other,
        asked=step.asked or row.asked,
    )
