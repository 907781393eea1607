"""The pure core: `step(state, inputs, now)`. No input or output, no clock, no chance of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from fql.engine.core.accept import accept, refuse
from fql.engine.core.arm import arm, expire_buffered, next_opening
from fql.engine.core.batching import next_seal, seal_due
from fql.engine.core.finish import end_unfit, finish, put_back
from fql.engine.core.held.aside import Rung
from fql.engine.core.held.endpoints import Endpoint
from fql.engine.core.held.inputs import Inputs, Misfit, NewEvent, Order, Step
from fql.engine.core.held.lanes import MIXED, liveliest_lane, only_waits
from fql.engine.core.held.runs import Run, SealedBatch, Work
from fql.engine.core.held.state import DEFAULT_LIMITS, State
from fql.engine.core.history.bulk import mark
from fql.engine.core.history.pulse import EVERY, beat
from fql.engine.core.history.unmatched import keep_stranger
from fql.engine.core.moving.leaving import clear_leaving, follow, is_ours, movable, release
from fql.engine.core.moving.limits import next_look, take_grants, wishes
from fql.engine.core.orders import receive, renew
from fql.engine.core.recover import AHEAD, take_page
from fql.engine.core.taking import gain
from fql.engine.program.limits import NEVER
from fql.engine.program.model import Program
from fql.store.records import LimitRow, Page, Remembered
from fql.store.works import READY

IDS_A_PAGE = 500
T = TypeVar("T")


def step(state: State, inputs: Inputs, now: int) -> Step:
    """One cycle's decisions: everything that waits goes in; what to commit, what to send after
    the commit, what to read and when to wake up come out. The same state and inputs give the same
    step. If it raises, or the commit does not succeed, the state must be thrown away and loaded
    again; `state.item` is then what raised."""
    state.begin(now)
    if inputs.program is not None:
        state.item = inputs.program
        use_program(state, inputs.program, inputs.others)
    # Pages were asked for before: what they say of a lane knows nothing of shards gained since.
    for paged in inputs.pages:
        take_page(state, paged)
    if inputs.share is not None:
        gain(state, inputs.share.mine, inputs.gained)
        follow(state, inputs.share)
    take_grants(state, inputs.grants)
    _each(state, inputs.unstarted, put_back)
    _each(state, inputs.outcomes, finish)
    release(state)
    _each(state, inputs.events, partial(_accept, known=inputs.known))
    _each(state, inputs.misfits, partial(_refuse, known=inputs.known))
    _each(state, inputs.orders, partial(_receive, known=inputs.known))
    _each(state, inputs.marks, mark)
    _each(state, inputs.strangers, keep_stranger)
    state.mutations.forgotten.extend(inputs.forgotten)
    state.item = None
    _fire_timers(state)
    expire_buffered(state)
    seal_due(state, everything=inputs.flush)
    sends = arm(state)
    return _result(state, sends)


def _each(state: State, items: Sequence[T], take: Callable[[State, T], object]) -> None:
    """What is raised meanwhile, the item at hand has raised."""
    for item in items:
        state.item = item
        take(state, item)


def _receive(state: State, order: Order, known: Mapping[bytes, Remembered]) -> None:
    if is_ours(state, order):
        receive(state, order, known)


def _accept(state: State, new: NewEvent, known: Mapping[bytes, Remembered]) -> None:
    if new.given_up < Rung.LEFT and is_ours(state, new):
        accept(state, new, known)


def _refuse(state: State, misfit: Misfit, known: Mapping[bytes, Remembered]) -> None:
    if misfit.faults < Rung.LEFT and is_ours(state, misfit):
        refuse(state, misfit, known)


def _result(state: State, sends: list[Work]) -> Step:
    _leave_mixed(state)
    if state.now < state.tally.watched_until:
        beat(state)
    state.flush()
    _write_limits(state)
    _evict(state)
    clear_leaving(state)
    state.item = None
    state.take_apart()
    wants, wished = _wants(state), wishes(state)
    wake = _wake(state)
    state.item = None
    made = state.end(sends, wants, wake)
    made.wishes = wished
    return made


def use_program(state: State, program: Program, others: Mapping[str, Program]) -> None:
    """Switch to another plan: new events use it, open runs finish on theirs. `others` are the
    programs of stored plans, made again with the current endpoints and environment."""
    state.active = program
    for short, other in others.items():
        if not other.blocked or short not in state.programs:
            state.programs[short] = other  # else what can be used stays in use
    state.programs[program.short] = program
    _use_specs_of_now(state)
    state.aside.endpoints.items.clear()
    for endpoint in state.endpoints.values():
        endpoint.paused = state.is_held_back(endpoint.name)
        endpoint.limits = program.limits.get(endpoint.name, DEFAULT_LIMITS)
        bucket = endpoint.bucket
        bucket.tokens = min(bucket.tokens, float(endpoint.limits.burst))
        bucket.at = bucket.at if bucket.granted else state.now
    state.meet_endpoints(program)
    state.mutations.plans.append(program.stored(state.now))
    state.mutations.active = program.short


def _use_specs_of_now(state: State) -> None:
    """What is not on the wire goes by the renewed programs, and so does what could not run."""
    owners: list[Run | SealedBatch] = [*state.runs.values(), *state.batches.values()]
    held = state.item
    for owner in owners:
        state.item = owner
        for work in list(owner.works):
            if work not in state.in_flight:
                end_unfit(state, work, renew(state, work))
    state.item = held
    if state.stuck:
        _look_again(state)


def _look_again(state: State) -> None:
    """Read back what could not run: parts of batches by their ids, for which nothing else asks,
    and everything else lane by lane."""
    state.stuck = {number: one for number, one in state.stuck.items() if one.held}
    state.wanted_ids.extend(state.stuck)
    state.wanted_ids.extend(queue[0] for queue in state.queues.values())
    for endpoint in state.endpoints.values():
        endpoint.stored_due = 0


def _fire_timers(state: State) -> None:
    for work in state.timers.fire(state.now):
        state.item = owner = work.owner
        work.state = READY
        if isinstance(owner, Run):
            state.rest(owner, resting=False)
        state.endpoint(work.spec.endpoint).ready.append(work)


def _write_limits(state: State) -> None:
    for endpoint in () if state.shards.shared else state.dirty_limits.values():
        state.item = endpoint
        bucket = endpoint.bucket
        row = LimitRow(endpoint.name, bucket.tokens, bucket.at, endpoint.blocked_until)
        state.mutations.limits.append(row)


def _leave_mixed(state: State) -> None:
    """Runs that could go to several endpoints, all of which are busy, are put in the lane of one of
    them when mixed ones fill half of their room: so there is always room for those that move."""
    # As long as no receiver has answered, nobody knows which of them are alive: then a run is put
    # only where it can stay in memory, for from there all that is ready of it is sent.
    answered = any(endpoint.landed for endpoint in state.endpoints.values())
    for run in state.evictable:
        state.item = run
        if state.endpoint(MIXED).held * 2 <= state.quota():
            return
        if run.lane == MIXED and run.id in state.runs and only_waits(run):
            lane = liveliest_lane(run, state.endpoint)
            if answered or state.may_hold(state.endpoint(lane)):
                state.move(run, lane)
                state.touch(run)


def _evict(state: State) -> None:
    """Leave runs to the store that only wait for a time, unless that comes soon, or for an
    endpoint that has more runs in memory than it may. What waits for a time takes no place of what
    could go now."""
    for run in state.evictable:
        state.item = run
        if run.id not in state.runs:
            continue
        rests = run.rests()
        if _waits_long(state, run) if rests else _is_too_many(state, run):
            state.let_go(run)
            _leave_ready(state, run)
            state.spill(run)
        else:
            state.rest(run, resting=rests)


def _leave_ready(state: State, run: Run) -> None:
    for work in run.works:
        if work.state == READY:
            endpoint = state.endpoint(work.spec.endpoint)
            for line in (endpoint.ready, endpoint.suspects, state.parked.get(work.spec.observer)):
                with suppress(ValueError):  # it is in one of them
                    if line:
                        line.remove(work)
                        break


def _is_too_many(state: State, run: Run) -> bool:
    return state.is_overfull(state.endpoint(run.lane)) and only_waits(run)


def _waits_long(state: State, run: Run) -> bool:
    """Whether a run that rests does so for long, or as one too many at its endpoint."""
    endpoint = state.endpoint(run.lane)
    return run.since() > state.now + 2 * AHEAD or (
        not run.resting and endpoint.resting * 2 >= state.quota()
    )


def _wants(state: State) -> list[Page]:
    wants: list[Page] = []
    if state.draining:
        return wants
    quota = state.quota()
    for endpoint in state.endpoints.values():
        state.item = endpoint
        if endpoint.asked or (endpoint.stored_due == NEVER and not endpoint.seeking):
            continue
        horizon, limit = _wish(state, endpoint, quota)
        if limit > 0:
            endpoint.asked = True
            held = frozenset((*state.stuck, *state.runs, *state.aside.runs.left))
            fresh, shards = endpoint.seeking, state.shards.readable()
            page = Page(endpoint.name, horizon, limit, held=held, fresh=fresh, shards=shards)
            wants.append(page)
    if state.wanted_ids:
        ids, state.wanted_ids = state.wanted_ids[:IDS_A_PAGE], state.wanted_ids[IDS_A_PAGE:]
        wants.append(Page(ids=tuple(ids)))
    return wants


def _wish(state: State, endpoint: Endpoint, quota: int) -> tuple[int, int]:
    """Up to which due time an endpoint wishes to read, and how many. At most half of its quota is
    for what rests, so that there is always room for what can go now."""
    if endpoint.seeking:
        return state.now, endpoint.limits.probes
    room = quota - endpoint.resting - endpoint.held
    if endpoint.held > room:
        return state.now, 0
    if endpoint.stored_due <= state.now:
        return state.now, room
    if endpoint.stored_due <= state.now + AHEAD:
        return state.now + AHEAD, min(room, quota // 2 - endpoint.resting)
    if endpoint.unsure and state.now + endpoint.unsure < endpoint.stored_due:
        return NEVER, min(room, quota // 2 - endpoint.resting)
    return state.now, 0


def _wake(state: State) -> int | None:
    times = [next_seal(state), next_opening(state), state.timers.next()]
    quota = state.quota()
    for endpoint in () if state.draining else state.endpoints.values():
        low = endpoint.held * 2 + endpoint.resting <= quota
        if low and endpoint.stored_due != NEVER and not endpoint.asked:
            early = AHEAD if endpoint.resting < quota // 2 else 0
            times.append(endpoint.stored_due - early)
    times.append(state.now if movable(state) else next_look(state))
    if state.now < state.tally.watched_until:
        times.append(state.tally.pulsed_at + EVERY)
    first = min(times)
    return None if first >= NEVER - AHEAD else first


__all__ = ["State", "step", "use_program"]
