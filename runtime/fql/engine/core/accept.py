"""Taking events in: a known key is acknowledged and ignored, else each observer gets its run."""

from __future__ import annotations

from collections.abc import Mapping

from fql.engine.core.advance import advance, close_if_ended, make_ready
from fql.engine.core.inputs import Misfit, NewEvent
from fql.engine.core.keys import payload_hash, run_key
from fql.engine.core.queues import join_queue
from fql.engine.core.runs import Run
from fql.engine.core.state import State
from fql.engine.program.model import ObserverSpec
from fql.events.model import Event
from fql.exact.writing import json_text
from fql.store.records import EventRow, LetterRow, Remembered
from fql.store.works import ACTIVE, capture_name


def accept(state: State, new: NewEvent, known: Mapping[bytes, Remembered]) -> None:
    """Make the runs of an event, all in this commit."""
    _note_origin(state, new.event.source, new.order, new.consumed)
    if _is_known(state, new, known):
        state.tally.duplicates += 1
        return
    event = new.event
    new.number = state.number()
    state.tally.events += 1
    state.mutations.events.append(_event_row(new.number, event, state.now))
    if new.resolves:
        state.mutations.letter_states.append(("resolved", new.resolves))
    for name in state.active.matching(event):
        run = _new_run(state, new, state.active.observers[name])
        new.runs.append(run.id)


def _note_origin(state: State, source: str, order: int | None, consumed: int | None) -> None:
    if order is not None:
        state.mutations.positions[source] = order
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


def _new_run(state: State, new: NewEvent, spec: ObserverSpec) -> Run:
    event = new.event
    key = run_key(event.source, event.position, spec.name)
    run = Run(state.number(), event, spec, event_row=new.number, key=key, started=state.now)
    state.tally.runs += 1
    state.tally.open_runs += 1
    if spec.order_by is not None:
        join_queue(state, run)
    if run.blocked:
        run.stored = True
        state.mutations.runs.append(run.row())
        state.gone.append(run)
        return run
    _begin(state, run)
    return run


def _begin(state: State, run: Run) -> None:
    advance(state, run)
    state.place(run)
    if not run.moves():
        close_if_ended(state, run)
        return
    if _must_be_held(run) or state.may_hold(state.endpoint(run.lane)):
        state.hold(run)
        state.touch(run)
        make_ready(state, run)
        return
    run.stored = True
    state.mutations.runs.append(run.row())
    state.spill(run)


def _must_be_held(run: Run) -> bool:
    return run.spec.batches and any(
        work.spec.batch is not None and work.state in ACTIVE for work in run.works
    )


def refuse(state: State, misfit: Misfit, known: Mapping[bytes, Remembered]) -> None:
    """Write the dead letter of a change that did not fit; the source goes on behind it."""
    _note_origin(state, misfit.source, misfit.order, misfit.consumed)
    if misfit.dedup is not None:
        if misfit.dedup in known:
            return
        state.mutations.remembered.append(Remembered(misfit.dedup, 0, state.now, b""))
    state.tally.refused += 1
    letter = LetterRow(
        id=misfit.letter or capture_name(state.number()),
        run=None,
        node="",
        observer="",
        action="",
        entity=misfit.entity,
        event=misfit.kind,
        event_id=misfit.event_id,
        error_class="capture",
        reason=misfit.reason,
        failed_at=state.now,
        state="dead",
        handled=0,
        request=None,
        plan=state.active.digest,
        key=run_key(misfit.source, misfit.position, ""),
        batch=None,
        source=misfit.source,
        payload=misfit.payload,
    )
    state.mutations.letters.append(letter)
    state.letters.append(letter)
