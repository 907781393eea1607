"""Replays of many dead letters: one command, a row that counts, and what is marked in the commit
that moves its cursor. The replays themselves go through the inbox, to the owners of their runs.

Whoever ends a replay counts it in the same commit. So each that was marked ends once: `resolved`,
`dead` again, or in an `other` way. Decision 0290.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fql.engine.core.held.inputs import Marks, Order, Refused
from fql.engine.core.held.runs import Work
from fql.engine.core.held.state import State
from fql.engine.core.history.unmatched import history_of
from fql.store.history.rows import MARKED, STOPPED, BulkStep
from fql.store.records import Remembered
from fql.store.sharing.homes import FIRST
from fql.store.showing.bulks import STOP
from fql.store.works import Replay

End = Literal["resolved", "dead", "other"]


def begin(state: State, order: Order, known: Mapping[bytes, Remembered]) -> None:
    """A new bulk, unless its form has been sent before."""
    row, form = order.begins, order.dedup
    if row is None:
        return
    if form is not None:
        if form in known or any(one.key == form for one in state.mutations.remembered):
            return
        state.mutations.remembered.append(Remembered(form, row.id, state.now, b""))
    history_of(state).bulks.append(row)


def stop(state: State, order: Order) -> None:
    """No more is marked; what is marked goes on."""
    state.stopped.add(order.bulk)
    history_of(state).step(BulkStep(order.bulk, state=STOPPED))


def mark(state: State, marks: Marks) -> None:
    """Move the cursor of a bulk and enter the replays of what it has passed."""
    if FIRST not in state.shards.mine or marks.bulk in state.stopped:
        return
    history = history_of(state)
    history.posted.extend(marks.replays)
    at, name = marks.cursor
    ended = MARKED if marks.last else None
    history.step(BulkStep(marks.bulk, at, name, ended, len(marks.replays), asked=marks.asked))


def count(state: State, bulk: int, end: End) -> None:
    """One that a bulk (0: none) has marked has ended."""
    if bulk:
        resolved, dead, other = (int(end == one) for one in ("resolved", "dead", "other"))
        step = BulkStep(bulk, resolved=resolved, dead=dead, other=other)
        history_of(state).step(step)


def end_replay(state: State, work: Work, end: End, replay: Replay = Replay.NONE) -> Replay:
    """A node is no longer replayed, or for a last time; gives why it was."""
    before, work.replay = work.replay, replay
    if work.bulk:  # most are in none, and this is done for each delivery
        count(state, work.bulk, end)
        work.bulk = 0
    return before


def decline(state: State, order: Order, why: str = "") -> None:
    """A command is not carried out: it has nothing to do any more, or there is a reason to tell."""
    if why:
        state.refused.append(Refused(order, why))
    if order.kind != STOP:
        count(state, order.bulk, "other")
