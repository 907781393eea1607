"""Moving a run on: what may start after something has ended, and when the run itself has ended."""

from __future__ import annotations

from collections.abc import Sequence

from fql.actions.port import Outcome
from fql.engine.core.batching import buffer, unbuffer
from fql.engine.core.held.inputs import RunEnded
from fql.engine.core.held.runs import Run, Work, failure_info
from fql.engine.core.held.state import State
from fql.engine.core.history.bulk import end_replay
from fql.engine.core.queues import leave_queue
from fql.engine.program.bulkhead import Fault, guarded
from fql.engine.program.model import Condition
from fql.expressions.scope import FailureInfo
from fql.store.records import LetterRow
from fql.store.works import (
    ACTIVE,
    CANCELLED,
    DEAD,
    DONE,
    MEMBER,
    PASSED,
    READY,
    REPLAYS,
    SKIPPED,
    TERMINAL,
    WAITING,
    Replay,
    letter_name,
)

SUPPLIED = Outcome(status=200)


def advance(state: State, run: Run) -> list[Work]:
    """Start, skip or pass over every node whose turn has come; gives those that are ready now. One
    pass in topological order is enough, because a node's verdict depends on earlier ones only."""
    graph = run.spec.graph
    states = run.states()
    ready: list[Work] = []
    for index in graph.order:
        if states[index] != WAITING:
            continue
        work = run.works[index]
        verdict = graph.verdict(index, states)
        if verdict == "start":
            _start(state, run, work)
            if work.state == READY:
                ready.append(work)
        elif verdict == "pass":
            work.state = PASSED
        states[index] = work.state
    return ready


def _start(state: State, run: Run, work: Work) -> None:
    spec = work.spec
    holds = True if spec.when is None else guarded(_holds, spec.when, run)
    if isinstance(holds, Fault):
        _bury(state, run, work, "internal", f"its condition raised {holds.text}")
    elif not holds:
        work.state = SKIPPED
    elif spec.batch is not None:
        buffer(state, run, work)
    else:
        work.state = READY


def _holds(when: Condition, run: Run) -> bool:
    return when(run.scope())


def make_ready(state: State, run: Run) -> None:
    """Queue every node of a held run that is ready."""
    for work in run.works:
        if work.state == READY:
            state.endpoint(work.spec.endpoint).ready.append(work)


def move_on(state: State, run: Run) -> None:
    """After something of a held run has ended: start what follows, and end the run if it is so."""
    for work in advance(state, run):
        work.ready_at = state.now
        state.endpoint(work.spec.endpoint).ready.append(work)
    close_if_ended(state, run)


def close_if_ended(state: State, run: Run) -> None:
    """Set the state of the run from its nodes; an ended one leaves memory."""
    state.touch(run)
    states = run.states()
    verdict = run.spec.graph.ended(states)
    if verdict == "open":
        run.state, run.ended = "open", None
        state.place(run)
        return
    _end_run(state, run, _end_name(run, verdict, states))


def _end_name(run: Run, verdict: str, states: Sequence[str]) -> str:
    if verdict == "dead":
        return "expired" if _only_expired(run) else verdict
    return "cancelled" if CANCELLED in states else verdict


def _only_expired(run: Run) -> bool:
    return all(
        work.failure is not None and work.failure.error_class == "expired"
        for work in run.works
        if work.state == DEAD
    )


def _end_run(state: State, run: Run, name: str) -> None:
    run.state, run.ended = name, state.now
    state.stuck.pop(run.id, None)
    event = run.event
    state.ended.append(
        RunEnded(
            run.id, run.event_row, run.spec.name, name, event.id, run.started, state.now,
            event.context.get("traceparent", ""), run.again,
        )
    )  # fmt: skip
    state.tally.open_runs -= 1
    if name == "done":
        state.tally.done += 1
    elif name != "cancelled":
        state.tally.dead += 1
    if run.order_key is not None:
        if name in ("dead", "expired") and run.spec.block_on_dead:
            state.halted.add(run.id)
        else:
            leave_queue(state, run)
    state.let_go(run)
    if name == "done" and not state.settings.keep_done:
        state.mutations.dropped_runs.append(run.id)


def complete(state: State, run: Run, work: Work, answer: object) -> None:
    """A node has succeeded. Success is final."""
    work.state, work.answer, work.failure = DONE, answer, None
    work.crashes, work.due = 0, 0
    if end_replay(state, work, "resolved") in REPLAYS:
        state.mutations.letter_states.append(("resolved", letter_name(run.id, work.spec.name)))
    move_on(state, run)


def bury(
    state: State, run: Run, work: Work, error_class: str, reason: str,
    *, outcome: Outcome = SUPPLIED, shown: str | None = None,
) -> None:  # fmt: skip
    """A node is dead: its dead letter is written in this commit, and its `else` chain starts.
    The last try of a cancelled run leaves no letter behind."""
    replayed = end_replay(state, work, "dead")
    work.due, work.crashes = 0, 0
    if replayed is Replay.LAST_TRY:
        work.state = CANCELLED
        close_if_ended(state, run)
        return
    _bury(state, run, work, error_class, reason, outcome=outcome, shown=shown)
    move_on(state, run)


def _bury(
    state: State, run: Run, work: Work, error_class: str, reason: str,
    *, outcome: Outcome = SUPPLIED, shown: str | None = None,
) -> None:  # fmt: skip
    work.state, work.due, work.crashes, work.replay = DEAD, 0, 0, Replay.NONE
    status = None if outcome is SUPPLIED else outcome
    work.failure = failure_info(status or Outcome(), reason, error_class, work.sends)
    letter = _letter(state, run, work, shown)
    state.mutations.letters.append(letter)
    state.letters.append(letter)


def _letter(state: State, run: Run, work: Work, shown: str | None) -> LetterRow:
    event, spec = run.event, work.spec
    error_class, reason = ("", "") if work.failure is None else _words(work.failure)
    return LetterRow(
        id=letter_name(run.id, spec.name),
        run=run.id,
        node=spec.name,
        observer=run.spec.name,
        action=spec.name,
        entity=event.entity,
        event=event.kind,
        event_id=event.id,
        error_class=error_class,
        reason=reason,
        failed_at=state.now,
        state="dead",
        handled=int(run.spec.graph.has_else[spec.index]),
        request=shown,
        plan=run.spec.digest,
        key=work.delivery(),
        batch=work.batch or None,
        source=event.source,
        payload=None,
        shard=run.shard,
        row_key=event.row_key,
    )


def _words(failure: FailureInfo) -> tuple[str, str]:
    return failure.error_class, failure.message


def cancel_run(state: State, run: Run) -> None:
    """Stop what is not on the wire; what is armed, alone or in a batch, ends and is recorded."""
    for work in run.works:
        on_its_way = work.state == MEMBER and not run.spec.blocked
        if work in state.in_flight or on_its_way:
            end_replay(state, work, "other", Replay.LAST_TRY)
            continue
        if work.state in TERMINAL:
            continue
        unbuffer(state, run, work)
        if work.state in ACTIVE or work.state == WAITING:
            work.state = CANCELLED
            end_replay(state, work, "other")
    state.touch(run)
    if not run.moves():
        _end_run(state, run, "cancelled")
