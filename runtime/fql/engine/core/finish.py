"""What an outcome changes: the node, its run, its endpoint."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from fql.actions.port import ANSWERED, Outcome
from fql.engine.core.advance import bury, close_if_ended, complete
from fql.engine.core.arm import land, mark
from fql.engine.core.held.inputs import Performed
from fql.engine.core.held.runs import Run, SealedBatch, Work, is_armed
from fql.engine.core.held.state import State
from fql.engine.core.orders import renew
from fql.engine.core.retry import Again, Dead, decide, succeeded
from fql.engine.program.fit import ORIGINAL, Unfit
from fql.engine.program.limits import NEVER
from fql.exact.reading import read_json
from fql.exact.writing import write_json
from fql.plan.policies import RetryPolicy
from fql.store.records import AttemptRow
from fql.store.works import CANCELLED, DONE, READY, SCHEDULED, TERMINAL, Replay

UNHEALTHY = frozenset({"dns", "connect", "tls", "timeout", "reset", "protocol", "raised"})
"""Failures that speak against the endpoint; the other ones are ours or the plan's."""
SHORTAGE_PAUSE = 500
"""The least milliseconds before work that a shortage of ours kept back is tried again."""
SHORTAGE_TOLD_EVERY = 10_000
"""Milliseconds between two words about it."""

FEW = 8
"""Requests in flight up to which commits are rare enough for one of them to matter."""


def may_wait(state: State, performed: Performed, watched: Container[int]) -> bool:
    """Whether nothing follows from this outcome but its record: it is a success that ends its run,
    nobody has `watched` that, and neither a queue, nor its endpoint, nor the number of requests in
    flight holds back other work meanwhile. Nothing in memory is changed."""
    work, run = performed.work, performed.work.owner
    if not isinstance(run, Run) or run.order_key is not None or run.id in watched:
        return False
    if work not in state.in_flight:
        return False
    if state.draining or len(state.in_flight) > min(FEW, state.settings.max_in_flight // 2):
        return False
    if not succeeded(performed.outcome, work.spec.retry):
        return False
    if any(other is not work and other.state not in TERMINAL for other in run.works):
        return False
    endpoint = state.endpoint(work.spec.endpoint)
    return not (endpoint.ready or endpoint.suspects) and endpoint.stored_due == NEVER


def finish(state: State, performed: Performed) -> None:
    """Record an attempt and do what follows from it."""
    work, outcome = _bound(state, performed), performed.outcome
    if work is None:
        _await_run(state, performed)
        return
    land(state, work)
    mark(state, work)
    # Its plan may have been prepared again while it was on the wire, or another one be active for a
    # replay: whether it is tried again, and how often, is as that says now.
    unfit = renew(state, work)
    if outcome.failure == "shortage":
        _wait_for_room(state, work, outcome)
        end_unfit(state, work, unfit)
        return
    state.tally.sent += 1
    state.mutations.attempts.append(_attempt(work, performed))
    performed.work = work
    state.attempted.append(performed)
    _tell_endpoint(state, work, outcome)
    # It came back, whatever was answered: it is not what crashed the process.
    work.crashes = 0
    performed.failed = not succeeded(outcome, work.spec.retry)
    if not performed.failed:
        _succeed(state, work, outcome, performed.shown)
        return
    work.failed += 1
    decision = decide(
        _policy(state, work), outcome, failed=work.failed, since=work.since, now=state.now,
        chance=state.chance(),
    )  # fmt: skip
    if isinstance(decision, Again):
        state.tally.retries += 1
        _again(state, work, decision.due)
        end_unfit(state, work, unfit)
    elif isinstance(decision, Dead):
        _die(state, work, decision, outcome, performed.shown)


def _wait_for_room(state: State, work: Work, outcome: Outcome) -> None:
    """This process or machine had run out of something: nothing was sent, so the attempt does not
    count, and it tells nothing about the receiver. Others wait as well: not all come back at
    once."""
    work.sends -= 1
    if not work.failed:
        # `max_elapsed` runs from the first attempt, and there has been none.
        work.since = 0
    state.endpoint(work.spec.endpoint).give_back()
    if state.now - state.shortage_told >= SHORTAGE_TOLD_EVERY:
        state.shortage_told = state.now
        state.shortages.append(outcome.error)
    _again(state, work, state.now + SHORTAGE_PAUSE + int(state.chance() * SHORTAGE_PAUSE))


def _policy(state: State, work: Work) -> RetryPolicy:
    policy = work.spec.retry
    return policy if state.settings.background_retry else replace(policy, max_attempts=1)


def _bound(state: State, performed: Performed) -> Work | None:
    """The work this outcome belongs to. After the state was loaded again an outcome may come late,
    for the twin of its work: it counts as long as that was not sent again."""
    work = performed.work
    if work in state.in_flight:
        return work
    # From here on the state has been loaded again since: `work` is an object of the state before,
    # and its twin is what this state has read back of it.
    if isinstance(work.owner, Run):
        run = state.runs.get(work.owner.id)
        twin = None if run is None else run.works[work.spec.index]
    else:
        batch = state.batches.get(work.owner.id)
        twin = None if batch is None else batch.work
    # Another number: it has been sent again, and the outcome of that attempt will decide. To take
    # this one as well would count two ends of one node, or end what is on the wire.
    if twin is None or twin.sends != performed.number:
        return None
    # Any other state was reached by a decision since (cancelled, given up, scheduled by the outcome
    # itself, which was stored before the reload): that stays.
    if twin.state == READY or is_armed(twin):
        return twin
    return None


def _await_run(state: State, performed: Performed) -> None:
    """A late outcome of a run that is not in memory: it waits until the run has been read back, as
    may those of its other nodes. Where another engine has its shard now, that one asks again."""
    owner = performed.work.owner
    if owner.shard not in state.shards.mine:
        state.aloft.discard(performed.attempt)
        return
    if not isinstance(owner, Run) or owner.id in state.runs:
        return
    if owner.id not in state.late:
        state.wanted_ids.append(owner.id)
    waiting = state.late.setdefault(owner.id, [])
    if not any(one is performed for one in waiting):
        waiting.append(performed)


def leave_late(state: State, number: int) -> None:
    """Another engine has this run, or is about to: should it come back, its attempt is over."""
    state.aloft.difference_update(one.attempt for one in state.late.pop(number, ()))


def finish_late(state: State, number: int) -> None:
    """Record outcomes that came before their run was read back."""
    held = state.item
    for performed in state.late.pop(number, ()):
        if number in state.runs:
            state.item = performed
            finish(state, performed)
    state.item = held


def _attempt(work: Work, performed: Performed) -> AttemptRow:
    outcome = performed.outcome
    return AttemptRow(
        work.owner.id, work.spec.name, performed.number, performed.started, outcome.status,
        outcome.failure, outcome.error, outcome.duration_ms, outcome.response_start,
    )  # fmt: skip


def _tell_endpoint(state: State, work: Work, outcome: Outcome) -> None:
    endpoint = state.endpoint(work.spec.endpoint)
    status = outcome.status
    endpoint.sought = False
    down, answered = outcome.failure in UNHEALTHY, outcome.failure in ANSWERED
    if down or answered or status is not None:
        ok = answered or not (down or (status or 0) >= 500)
        endpoint.circuit.record(work, endpoint.limits, state.now, ok=ok)
        if endpoint.circuit.is_open:
            endpoint.surrender()
    if status in (429, 503) and outcome.retry_after:
        pause = work.spec.retry.pause(outcome.retry_after)
        endpoint.blocked_until = max(endpoint.blocked_until, state.now + pause)
        state.dirty_limits[endpoint.name] = endpoint


def _succeed(state: State, work: Work, outcome: Outcome, shown: str | None) -> None:
    owner = work.owner
    if isinstance(owner, Run):
        _succeed_alone(state, owner, work, outcome, shown)
        return
    refused = dict(outcome.failed_members)
    _close_batch(state, owner)
    for index, member in enumerate(owner.members):
        node = owner.member_work(member)
        node.sends = work.sends
        if index in refused:
            bury(state, member, node, "permanent", refused[index], outcome=outcome, shown=shown)
        else:
            complete(state, member, node, None)


def _succeed_alone(state: State, run: Run, work: Work, outcome: Outcome, shown: str | None) -> None:
    """An answer that came by the active plan must be one of the run's own as well: its later
    actions read it as that."""
    restore = run.spec.nodes[work.spec.index].restore_answer
    answer = outcome.answer
    if work.replay is Replay.BY_ACTIVE and restore is not None and answer is not None:
        try:
            answer = restore(read_json(write_json(answer)))
        except ValueError as misfit:
            reason = f"response: the answer does not fit the plan of the run: {misfit}; {ORIGINAL}"
            bury(state, run, work, "permanent", reason, outcome=outcome, shown=shown)
            return
    complete(state, run, work, answer)


def end_unfit(state: State, work: Work, unfit: Unfit | None) -> None:
    """A replay that waits, and does not fit the plan that is active by now, is not sent."""
    waits = work.state in (READY, SCHEDULED)
    if unfit is not None and waits and isinstance(work.owner, Run):
        give_up(state, work, Dead("evaluation", unfit.why))


def _again(state: State, work: Work, due: int) -> None:
    owner = work.owner
    if isinstance(owner, Run) and work.replay is Replay.LAST_TRY:
        # It was cancelled while it was on the wire: that attempt could not be called back, and no
        # other one follows.
        work.state = CANCELLED
        close_if_ended(state, owner)
        return
    state.timers.set(work, due)
    if isinstance(owner, Run):
        state.evictable.append(owner)


def _die(state: State, work: Work, dead: Dead, outcome: Outcome, shown: str | None) -> None:
    owner = work.owner
    if isinstance(owner, Run):
        bury(state, owner, work, dead.error_class, dead.reason, outcome=outcome, shown=shown)
        return
    _close_batch(state, owner)
    for member in owner.members:
        node = owner.member_work(member)
        node.sends = work.sends
        bury(state, member, node, dead.error_class, dead.reason, outcome=outcome, shown=shown)


def _close_batch(state: State, batch: SealedBatch) -> None:
    batch.work.state, batch.ended = DONE, state.now
    state.dirty_batches[batch.id] = batch
    state.batches.pop(batch.id, None)


def put_back(state: State, work: Work) -> None:
    """Armed, but never started: on drain it goes back to ready, as if nothing had been."""
    if work not in state.in_flight:
        return
    land(state, work)
    work.state = READY
    work.sends -= 1
    mark(state, work)
    state.endpoint(work.spec.endpoint).ready.appendleft(work)


def poison(state: State, work: Work) -> None:
    """Too many crashes while it was on the wire."""
    reason = f"the engine crashed {work.crashes} times in a row while sending it"
    give_up(state, work, Dead("poison", reason))


def give_up(state: State, work: Work, dead: Dead) -> None:
    """A node or batch that is not tried again, whatever its receiver would say."""
    _die(state, work, dead, Outcome(), None)
