"""Taking events in: a known key is acknowledged and ignored, else each observer gets its run."""

from __future__ import annotations

from collections.abc import Mapping

from fql.engine.core.advance import advance, close_if_ended, make_ready
from fql.engine.core.held.aside import Rung
from fql.engine.core.held.inputs import Misfit, NewEvent
from fql.engine.core.held.keys import payload_hash, run_key
from fql.engine.core.held.runs import Run
from fql.engine.core.held.state import State
from fql.engine.core.history.bulk import count
from fql.engine.core.history.unmatched import keep_event, keep_misfit
from fql.engine.core.moving.homes import hand_over, shard_of
from fql.engine.core.queues import join_queue, key_of
from fql.engine.program.bulkhead import Fault, guarded
from fql.engine.program.model import ObserverSpec, Program, Unjudged
from fql.events.model import Event
from fql.exact.reading import read_object
from fql.exact.writing import json_text, write_json
from fql.store.records import EventRow, LetterRow, Remembered, StoredPlan, Taken
from fql.store.works import ACTIVE, capture_name


def accept(state: State, new: NewEvent, known: Mapping[bytes, Remembered]) -> None:
    """Make the runs of an event, all in this commit."""
    if new.given_up >= Rung.GIVEN_UP:
        _give_up(state, new, known)
        return
    _note_origin(state, new.row, new.consumed)
    if _is_known(state, new, known):
        state.tally.duplicates += 1
        count(state, new.bulk, "other")
        return
    event = new.event
    new.number = state.number()
    state.tally.events += 1
    state.mutations.events.append(_event_row(new.number, event, state.now))
    if new.resolves:  # only what replays a dead letter is part of a bulk
        state.mutations.letter_states.append(("resolved", new.resolves))
        count(state, new.bulk, "resolved")
    program = new.program or state.active
    if new.program is not None:
        _keep_plan(state, new.program)
    faulty = False
    for name in program.matching(event):
        if new.only and name != new.only:
            continue
        new.making = str(name)
        fault = name.fault if isinstance(name, Unjudged) else _fault(new, name)
        if not fault:
            fault = _make_run(state, new, program.observers[name])
        if fault:
            faulty = True
            state.tally.refused += 1
            _write_letter(state, _event_letter(state, new, new.making, fault))
    new.making = ""
    if not new.runs and not faulty:
        keep_event(state, new)


def _keep_plan(state: State, program: Program) -> None:
    """The plan must be stored in the commit that makes a run of it: it may have been removed."""
    stored = StoredPlan(program.short, program.digest, program.blob, state.now)
    state.mutations.plans.append(stored)


def _fault(new: NewEvent, observer: str) -> str:
    """What was raised when the run of this observer was made before."""
    return "" if new.faults is None else new.faults.get(observer, "")


def _give_up(state: State, new: NewEvent, known: Mapping[bytes, Remembered]) -> None:
    """An event that cannot be taken in is a dead letter, which can be replayed. Where that cannot
    be written either, only its place in the source is noted, and the log has told of it."""
    _note_origin(state, new.row, new.consumed)
    count(state, new.bulk, "dead")
    if new.given_up >= Rung.BY_ITS_ROW or _is_known(state, new, known):
        return
    state.tally.refused += 1
    new.number = state.number()
    _write_letter(state, _event_letter(state, new, "", (new.faults or {})[""]))


def _event_letter(state: State, new: NewEvent, observer: str, fault: str) -> LetterRow:
    """The dead letter of an event that could not be taken in for an observer, or at all."""
    event = new.event
    envelope: dict[str, object] = {
        "entity": event.entity, "event": event.kind, "id": event.id,
        "timestamp": event.timestamp.isoformat(), "context": dict(event.context),
    }  # fmt: skip
    rows = read_object(event.payload)
    envelope.update((name, row) for name, row in rows.items() if row is not None)
    return _letter_of_change(
        state, event, observer, error_class="internal", reason=fault, payload=write_json(envelope)
    )


def _note_origin(state: State, row: Taken | None, consumed: int | None) -> None:
    if row is not None:
        state.mutations.taken.append(row)
        state.mutations.positions[row.outbox] = row.number
    if consumed is not None:
        state.mutations.consumed.append(consumed)


def _is_known(state: State, new: NewEvent, known: Mapping[bytes, Remembered]) -> bool:
    if new.dedup is None:
        return False
    payload = payload_hash(new.event.payload)
    stored = known.get(new.dedup)
    if stored is not None:
        new.number, new.duplicate, new.conflict = stored.event, True, stored.payload != payload
        return True
    twin = state.fresh.get(new.dedup)
    if twin is not None:
        new.number, new.duplicate, new.runs = twin.number, True, twin.runs
        new.conflict = twin.event.payload != new.event.payload
        return True
    state.fresh[new.dedup] = new
    state.mutations.remembered.append(Remembered(new.dedup, state.next_number, state.now, payload))
    return False


def _event_row(number: int, event: Event, now: int) -> EventRow:
    context = json_text(event.context) if event.context else ""
    return EventRow(
        number, event.source, event.position, event.entity, event.kind, event.id,
        event.timestamp.isoformat(), now, event.payload.decode(), context,
    )  # fmt: skip


def _make_run(state: State, new: NewEvent, spec: ObserverSpec) -> str:
    """Make the run of one observer. Gives the fault of its order key, if it has none."""
    event = new.event
    key = run_key(event.source, event.position, spec.name)
    run = Run(state.number(), event, spec, event_row=new.number, key=key, started=state.now)
    order_key = guarded(key_of, run)
    if isinstance(order_key, Fault):
        return order_key.text
    run.shard = shard_of(state, spec, run.id, order_key)
    ours = run.shard in state.shards.mine
    if ours:
        join_queue(state, run, order_key)
        state.tally.open_runs += 1
    state.tally.runs += 1
    new.runs.append(run.id)
    if not ours and (order_key is not None or spec.batches):
        hand_over(state, run, order_key)
    elif run.blocked:
        run.stored = True
        state.mutations.runs.append(run.row())
        state.gone.append(run)
    else:
        _begin(state, run)
    return ""


def _begin(state: State, run: Run) -> None:
    advance(state, run)
    state.place(run)
    if not run.moves():
        close_if_ended(state, run)
        return
    ours = run.shard in state.shards.mine
    if ours and (_must_be_held(run) or state.may_hold(state.endpoint(run.lane))):
        state.hold(run)
        state.touch(run)
        make_ready(state, run)
        return
    _leave_to_any(state, run)


def _leave_to_any(state: State, run: Run) -> None:
    """A run that cannot be held now waits in the store. One that has no home waits in any shard:
    so a backlog is everybody's."""
    if run.order_key is None and not run.spec.batches:
        run.shard = state.shards.next()
    run.stored = True
    state.mutations.runs.append(run.row())
    if run.shard in state.shards.mine:
        state.spill(run)
        return
    state.tally.open_runs -= 1
    state.hint(run.shard).lanes.add(run.lane)
    state.gone.append(run)


def _must_be_held(run: Run) -> bool:
    return run.spec.batches and any(
        work.spec.batch is not None and work.state in ACTIVE for work in run.works
    )


def refuse(state: State, misfit: Misfit, known: Mapping[bytes, Remembered]) -> None:
    """Write the dead letter of a change that did not fit; the source continues after it."""
    _note_origin(state, misfit.row, misfit.consumed)
    count(state, misfit.bulk, "dead")
    if misfit.faults:
        return
    if misfit.dedup is not None:
        if misfit.dedup in known:
            return
        state.mutations.remembered.append(Remembered(misfit.dedup, 0, state.now, b""))
    state.tally.refused += 1
    keep_misfit(state, misfit)
    _write_letter(
        state,
        _letter_of_change(
            state, misfit, "", error_class=misfit.error_class, reason=misfit.reason,
            payload=misfit.payload, name=misfit.letter,
        ),
    )  # fmt: skip


def _write_letter(state: State, letter: LetterRow) -> None:
    state.mutations.letters.append(letter)
    state.letters.append(letter)


def _letter_of_change(
    state: State, change: Event | Misfit, observer: str, *, error_class: str, reason: str,
    payload: bytes, name: str = "",
) -> LetterRow:  # fmt: skip
    """The dead letter of what has no run: its payload is the envelope, to be taken in again."""
    return LetterRow(
        id=name or capture_name(state.number()),
        run=None,
        node="",
        observer=observer,
        action="",
        entity=change.entity,
        event=change.kind,
        event_id=change.id if isinstance(change, Event) else change.event_id,
        error_class=error_class,
        reason=reason,
        failed_at=state.now,
        state="dead",
        handled=0,
        request=None,
        plan=state.active.digest,
        key=run_key(change.source, change.position, observer),
        batch=None,
        source=change.source,
        payload=payload,
        row_key=change.row_key,
    )
