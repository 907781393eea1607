"""Taking stored work back into memory: at the start, and page by page."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import cast

from fql.engine.core.advance import advance, close_if_ended
from fql.engine.core.arm import mark
from fql.engine.core.batching import buffer
from fql.engine.core.closing import close_batch, lay_down
from fql.engine.core.finish import end_unfit, finish_late, give_up, leave_late, poison
from fql.engine.core.held.aside import Rung
from fql.engine.core.held.runs import Run, SealedBatch, Work, restore_works
from fql.engine.core.held.state import State, Stuck
from fql.engine.core.moving.leaving import turn_away
from fql.engine.core.orders import apply_pending, go_by_active
from fql.engine.core.queues import give_up_place, take_place
from fql.engine.core.retry import Dead
from fql.engine.program.limits import NEVER
from fql.engine.program.model import ObserverSpec, Program
from fql.events.model import Event, Kind, Row
from fql.store.records import BatchRow, Loaded, Paged, RunRow
from fql.store.works import (
    ACTIVE,
    ALONE,
    ARMED,
    BUFFERED,
    MEMBER,
    READY,
    SCHEDULED,
    Replay,
    context_of,
    decode_members,
    must_be_held,
)

AHEAD = 500
"""How long before it is due, in milliseconds, scheduled work is read back."""


def take_page(state: State, paged: Paged) -> None:
    """Take over what was read back for a wish of an earlier step."""
    page = paged.page
    for loaded in paged.runs:
        if loaded.run.id not in state.aside.runs.left:
            state.item = loaded
            adopt(state, loaded)
    state.item = None
    if page.ids and state.left:
        adopt_batches(state)
    state.unmet.difference_update(page.ids)
    if page.ids:
        for loaded in paged.runs:
            _look_for_the_next(state, loaded.run)
        for missing in set(page.ids) - {loaded.run.id for loaded in paged.runs}:
            if missing in state.hinted:
                give_up_place(state, state.hinted.pop(missing), missing)
            apply_pending(state, missing, None)
            state.late.pop(missing, None)
        return
    endpoint = state.endpoint(page.lane)
    endpoint.asked = False
    if page.fresh:
        endpoint.seeking, endpoint.sought = False, True
        return
    if page.horizon >= NEVER and not any(map(partial(_is_cut, state), paged.runs)):
        endpoint.unsure = 0
    endpoint.stored_due = NEVER if paged.next_due is None else paged.next_due
    endpoint.stored_since = NEVER if paged.since is None else paged.since


def _look_for_the_next(state: State, row: RunRow) -> None:
    """A run that waited for a time was read back before that, as somebody asked for it. If its
    endpoint was to be looked at for it, what is due next there must be asked: else the engine would
    wait for a time at which nothing may be due any more."""
    endpoint = state.endpoints.get(row.lane)
    if endpoint is not None and row.due is not None and state.now < endpoint.stored_due == row.due:
        endpoint.stored_due = 0


def _is_cut(state: State, loaded: Loaded) -> bool:
    """Whether a run that was read back is due earlier than its row says."""
    run, due = state.runs.get(loaded.run.id), loaded.run.due
    return run is not None and due is not None and (run.due() or 0) < due


def adopt(state: State, loaded: Loaded) -> Run | None:
    """Bring one stored run into memory; None when its plan cannot be used now."""
    row = loaded.run
    if not state.shards.stays(row.shard):
        _leave_to_its_owner(state, row)
        return None
    return _adopt(state, loaded)


def _adopt(state: State, loaded: Loaded) -> Run | None:
    row = loaded.run
    key = state.hinted.pop(row.id, None)
    if key is not None and row.order_key is None:
        give_up_place(state, key, row.id)
    found = state.runs.get(row.id)
    if found is not None:
        # It was asked for twice, by its id and by its lane. What is in memory has moved on, and
        # may have more to tell than its row.
        finish_late(state, row.id)
        apply_pending(state, row.id, found)
        return found
    if row.id in state.dirty:
        # It has moved on in this very step, and the page is older.
        if row.id in state.pending:
            state.wanted_ids.append(row.id)
        return None
    program = state.programs.get(row.plan)
    spec = program.observers.get(row.observer) if program else None
    if program is None or spec is None:
        state.stuck[row.id] = Stuck(_why_not(row, program), bool(row.held), row.shard)
        apply_pending(state, row.id, None, state.stuck[row.id].why)
        return None
    blame = state.aside.runs.items.get(row.id)
    if blame is not None and blame.times >= Rung.BY_ITS_ROW:
        lay_down(state, loaded, spec, blame)
        return None
    run = _read_back(program, spec, loaded)
    if spec.blocked:
        _leave_stuck(state, run)
        return None
    state.stuck.pop(row.id, None)
    # Before it takes its place: what a replay is sent by decides about the lane of its run. What
    # does not fit the active plan is given up once the run is in memory, as any other work is.
    replays = [work for work in run.works if work.replay is Replay.BY_ACTIVE]
    unfit = [(work, go_by_active(state, run, work)) for work in replays]
    take_place(state, run)
    _take_in(state, run)
    for work, why in unfit:
        end_unfit(state, work, why)
    finish_late(state, run.id)
    apply_pending(state, run.id, run)
    return run


def _leave_to_its_owner(state: State, row: RunRow) -> None:
    """It is in a shard that another engine has, or is about to get."""
    leave_late(state, row.id)
    if row.shard not in state.shards.mine:
        turn_away(state, state.pending.pop(row.id, ()))


def _why_not(row: RunRow, program: Program | None) -> str:
    if program is None:
        return f"its plan {row.plan} is not in the store"
    return program.blocked or f"its plan {row.plan} has no observer {row.observer}"


def _read_back(program: Program, spec: ObserverSpec, loaded: Loaded) -> Run:
    """The run as it was, decoded by the plan that it came from."""
    row = loaded.run
    payload = loaded.event.payload.encode()
    new, old = program.restore(loaded.event.entity, loaded.event.kind, payload)
    event = _event(loaded, payload, new, old)
    run = Run(
        row.id, event, spec, event_row=row.event, key=row.key, started=row.started, shard=row.shard
    )
    run.stored, run.state, run.ended = True, row.state, row.ended
    run.order_key, run.lane = row.order_key, row.lane
    restore_works(row.works, run.works)
    return run


def _leave_stuck(state: State, run: Run) -> None:
    """A run whose plan is blocked stays in the store. It can be cancelled, and its dead letters be
    discarded; what would send is refused."""
    if run.ended is None:
        state.stuck[run.id] = Stuck(run.spec.blocked, must_be_held(run.works), run.shard)
    apply_pending(state, run.id, run)


def _event(loaded: Loaded, payload: bytes, new: Row | None, old: Row | None) -> Event:
    row = loaded.event
    return Event(
        row.entity,
        cast("Kind", row.kind),
        new,
        old,
        row.event_id,
        datetime.fromisoformat(row.timestamp),
        row.source,
        row.position,
        payload,
        None,
        context_of(row),
        loaded.run.row_key,
    )


def _take_in(state: State, run: Run) -> None:
    if run.ended is not None or run.blocked:
        return
    begun = run.moves()
    if not begun:
        advance(state, run)
        state.touch(run)
    state.place(run)
    if not run.moves():
        close_if_ended(state, run)
        return
    state.hold(run)
    state.evictable.append(run)
    for work in list(run.works):
        if begun or work.state != BUFFERED:  # what has just begun to wait for its batch does so
            resume(state, work)


def resume(state: State, work: Work) -> None:
    """Go on with one stored node or batch, unless it is set aside. The members of a batch are
    given up with it."""
    blame = state.aside.of(work.owner) if state.aside else None
    if blame is not None and work.state in ACTIVE and work.state != MEMBER:
        blame.met = True
        give_up(state, work, Dead("internal", blame.text))
    elif work.state in (ARMED, ALONE):
        _after_crash(state, work)
    elif work.state == READY:
        state.endpoint(work.spec.endpoint).ready.append(work)
    elif work.state == SCHEDULED:
        # A clock that has been set back must not make a retry wait all that longer. The time of
        # a replay was chosen by a person, and may be any.
        latest = state.now + work.spec.retry.longest_delay
        due = work.due if work.replay else min(work.due, latest)
        if due != work.due:
            mark(state, work)
        state.timers.set(work, due)
    elif work.state == BUFFERED and isinstance(work.owner, Run):
        buffer(state, work.owner, work)


def _stays_in_flight(state: State, work: Work) -> bool:
    """The state was loaded again under an attempt that goes on, or that has ended without being
    stored: its outcome will come."""
    if (work.owner.id, work.spec.name, work.sends) not in state.aloft:
        return False
    endpoint = state.endpoint(work.spec.endpoint)
    state.in_flight.add(work)
    endpoint.flying.add(work)
    if work.state == ALONE:
        endpoint.alone = work
    return True


def _after_crash(state: State, work: Work) -> None:
    """Go on with work that was on the wire when the engine before this one ended."""
    if _stays_in_flight(state, work):
        return
    settings = state.settings
    # Nobody knows whether the receiver got it. It is sent again under the same key, and says so.
    work.redelivery = True
    if state.count_crashes:
        # All that was on the wire is under suspicion, though at most one of it was the cause. So
        # crashes in company count up to `alone_from` only, from where work is sent alone: what is
        # innocent survives that and is cleared by its outcome (`finish`). Only a crash while it
        # was alone says something about this work, and only such crashes reach the budget.
        ceiling = settings.crash_budget if work.state == ALONE else settings.alone_from
        # Never less than was stored: the settings may have been lower than those before.
        work.crashes = max(work.crashes, min(work.crashes + 1, ceiling))
    if work.crashes >= settings.crash_budget:
        poison(state, work)
        return
    work.state = READY
    state.endpoint(work.spec.endpoint).ready.append(work)


def adopt_batches(state: State) -> None:
    """Take up the sealed batches whose members are in memory; the others are left for now."""
    rows, state.left = state.left, []
    for row in rows:
        state.item = row
        if not _adopt_batch(state, row):
            state.left.append(row)
    state.item = None


def _adopt_batch(state: State, row: BatchRow) -> bool:
    """Its members never change: where one of them is given up, so is the whole batch. False where
    it must wait for its plan."""
    numbers = decode_members(row.members)
    program = state.programs.get(row.plan)
    spec = program.observers.get(row.observer) if program else None
    node = spec.node(row.node) if spec else None
    blame = state.aside.batches.items.get(row.id)
    if blame is not None and blame.times >= Rung.BY_ITS_ROW:
        close_batch(state, row, blame)
        return True
    if any(number in state.stuck for number in numbers) or spec is None or node is None:
        return False
    members = [state.runs[number] for number in numbers if _is_member(state, number, row.id)]
    blame = blame or next(filter(None, map(state.aside.runs.items.get, numbers)), None)
    if not (members or blame):
        state.mutations.batches.append(row._replace(ended=state.now, due=None))
        return True
    batch = SealedBatch(row.id, spec, node, members, key=row.key, sealed=row.sealed)
    batch.stored = True
    restore_works(row.work, [batch.work])
    state.batches[batch.id] = batch
    if blame is None:
        resume(state, batch.work)
        return True
    blame.met = True
    give_up(state, batch.work, Dead("internal", blame.text))
    return True


def _is_member(state: State, run: int, batch: int) -> bool:
    """Whether a run still waits for this batch. One that was cancelled while the batch could not
    be sent does not."""
    found = state.runs.get(run)
    return found is not None and any(
        work.state == MEMBER and work.batch == batch for work in found.works
    )
