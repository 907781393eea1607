"""Closing what cannot even be taken up, by its rows alone: no expression is evaluated, and no plan
is asked but for names."""

from __future__ import annotations

from fql.engine.core.held.aside import Blame, Rung
from fql.engine.core.held.inputs import RunEnded
from fql.engine.core.held.keys import delivery_key
from fql.engine.core.held.state import State, Stuck
from fql.engine.core.history.bulk import count
from fql.engine.core.orders import apply_pending
from fql.engine.core.queues import give_up_place
from fql.engine.program.model import NodeSpec, ObserverSpec
from fql.store.records import BatchRow, LetterRow, Loaded, RunPatch
from fql.store.works import bury_works, decode_works, encode_works, letter_name


def lay_down(state: State, loaded: Loaded, spec: ObserverSpec, blame: Blame) -> None:
    """Close a stored run: what moved in it is dead, and can be replayed. If this has raised
    before, the run stays as it is until the next start."""
    row = loaded.run
    apply_pending(state, row.id, None)
    state.late.pop(row.id, None)
    if blame.times >= Rung.LEFT or row.ended is not None:
        state.stuck[row.id] = Stuck(blame.text, shard=row.shard)
        return
    blame.met = True
    stored, (works, given_up) = decode_works(row.works), bury_works(row.works)
    for index in given_up:
        count(state, stored[index].bulk, "dead")
        letter = _letter(state, loaded, spec, spec.nodes[index], blame.text)
        state.mutations.letters.append(letter)
        state.letters.append(letter)
    text, place = encode_works(works), _place_of_dead(state, loaded, spec)
    patch = RunPatch("dead", None, row.lane, place, state.now, text, False, row.id)
    state.mutations.patches.append(patch)
    state.tally.open_runs -= 1
    state.tally.dead += 1
    told = RunEnded(
        row.id, row.event, row.observer, "dead", loaded.event.event_id, row.started, state.now
    )
    state.ended.append(told)


def close_batch(state: State, row: BatchRow, blame: Blame) -> None:
    """Close a sealed batch whose members are laid down one by one."""
    blame.met = True
    state.mutations.batches.append(row._replace(ended=state.now, due=None))


def _place_of_dead(state: State, loaded: Loaded, spec: ObserverSpec) -> str | None:
    """The place in its queue that a dead run keeps, if it blocks its key."""
    row = loaded.run
    if spec.block_on_dead and row.order_key is not None:
        state.halted.add(row.id)
        return row.order_key
    give_up_place(state, row.order_key, row.id)
    return None


def _letter(
    state: State, loaded: Loaded, spec: ObserverSpec, node: NodeSpec, reason: str
) -> LetterRow:
    row, event = loaded
    return LetterRow(
        id=letter_name(row.id, node.name),
        run=row.id,
        node=node.name,
        observer=row.observer,
        action=node.name,
        entity=event.entity,
        event=event.kind,
        event_id=event.event_id,
        error_class="internal",
        reason=reason,
        failed_at=state.now,
        state="dead",
        handled=int(spec.graph.has_else[node.index]),
        request=None,
        plan=spec.digest,
        key=delivery_key(row.key, node.name),
        batch=None,
        source=event.source,
        payload=None,
        shard=row.shard,
        row_key=row.row_key,
    )
