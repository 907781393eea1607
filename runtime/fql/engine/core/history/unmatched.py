"""Events without a run are kept for people who ask why: the newest ones, and a bounded number in
each second, which a flood of them does not exceed. Of undeclared fields nothing is kept."""

from __future__ import annotations

from fql.engine.core.held.inputs import Misfit, NewEvent, Stranger
from fql.engine.core.held.state import State
from fql.store.history.rows import History, UnmatchedRow

A_SECOND = 100
"""How many are kept in one second; of the others a row says how many there were."""


def history_of(state: State) -> History:
    """What this step adds to the history."""
    if state.mutations.history is None:
        state.mutations.history = History()
    return state.mutations.history


def may_keep(state: State) -> bool:
    """Whether one more is kept in this second; else it is counted."""
    if not state.settings.keep_unmatched:
        return False
    tally, second = state.tally, state.now // 1000
    if tally.second != second:
        _tell_of_others(state)
        tally.second, tally.kept = second, 0
    tally.kept += 1
    return tally.kept <= A_SECOND


def _tell_of_others(state: State) -> None:
    """How many were not kept in the last second that had any."""
    tally = state.tally
    others = tally.kept - A_SECOND
    if others > 0:
        history_of(state).unmatched.append(
            UnmatchedRow(
                state.number(), tally.second * 1000 + 999, "", "", "", "", "unkept",
                f"{others} more events without a run in this second were not kept", "",
                state.active.short, "",
            )
        )  # fmt: skip


def keep_event(state: State, new: NewEvent) -> None:
    """No observer matched it."""
    if not may_keep(state):
        return
    event, program = new.event, new.program or state.active
    history_of(state).unmatched.append(
        UnmatchedRow(
            new.number, state.now, event.source, event.entity, event.kind, event.id, "unmatched",
            "", event.row_key, program.short, event.payload.decode(),
        )
    )  # fmt: skip


def keep_misfit(state: State, misfit: Misfit) -> None:
    """It does not fit its entity; its dead letter has what there is of it."""
    if may_keep(state):
        history_of(state).unmatched.append(
            UnmatchedRow(
                state.number(), state.now, misfit.source, misfit.entity, misfit.kind,
                misfit.event_id, "refused", misfit.reason, misfit.row_key, state.active.short, "",
            )
        )  # fmt: skip


def keep_stranger(state: State, stranger: Stranger) -> None:
    """Nothing of it was taken."""
    if may_keep(state):
        history_of(state).unmatched.append(
            UnmatchedRow(
                state.number(), state.now, stranger.source, stranger.entity, "", "",
                stranger.result, stranger.reason, "", state.active.short, "",
            )
        )  # fmt: skip
