"""What people ask of stored work: replay, discard, cancel, resend, pause, resume, probe, seal, and
bulk replays.

A command about a run waits until the run is in memory; its inbox entry is consumed in the commit
that carries it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from fql.engine.core.advance import cancel_run, close_if_ended, complete
from fql.engine.core.batching import seal_now
from fql.engine.core.held.aside import Blame, Rung
from fql.engine.core.held.inputs import Order
from fql.engine.core.held.keys import fresh_key
from fql.engine.core.held.runs import Run, Work
from fql.engine.core.held.state import State
from fql.engine.core.history.bulk import begin, decline, end_replay, stop
from fql.engine.core.history.pulse import watch
from fql.engine.core.moving.homes import take_hint
from fql.engine.core.moving.leaving import pause
from fql.engine.core.queues import leave_queue, rejoin_queue
from fql.engine.program.fit import Past, Story, Unfit
from fql.events.intake import AnswerMisfit
from fql.store.records import Remembered
from fql.store.showing.bulks import BULK, STOP
from fql.store.works import (
    CANCELLED,
    DEAD,
    DONE,
    READY,
    REPLAYS,
    TERMINAL,
    WAITING,
    Replay,
    letter_name,
)


def receive(state: State, order: Order, known: Mapping[bytes, Remembered]) -> None:
    """Carry out a command now, or when its run has been read back. `known` are those of the hashes
    of this step that were met before."""
    blame = state.aside.orders.items.get(order.consumed or 0)
    if blame is not None:
        _set_aside(state, order, blame)
    elif order.hint is not None:
        take_hint(state, order.hint)
        _consume(state, order)
    elif order.kind in ("pause", "resume"):
        _pause(state, order)
    elif order.kind in _AT_ONCE:
        _AT_ONCE[order.kind](state, order, known)
        _consume(state, order)
    elif order.run:
        state.pending.setdefault(order.run, []).append(order)
        if order.run in state.runs:
            apply_pending(state, order.run, state.runs[order.run])
        else:
            state.wanted_ids.append(order.run)
    else:
        if order.kind == "discard":
            state.mutations.letter_states.append(("discarded", order.letter))
        decline(state, order)  # `ignore`: an event of an entity that the plan does not know
        _consume(state, order)


SENDING = frozenset({"replay", "resend"})
"""Commands that send; a run whose plan is blocked can be given the others only."""


def apply_pending(
    state: State, number: int, run: Run | None, why: str = "there is no such run"
) -> None:
    """Carry out what waited for this run; None when that cannot be, and `why`."""
    held = state.item
    for order in state.pending.get(number, ()):
        state.item = order
        _consume(state, order)
        if run is not None and run.spec.blocked and order.kind in SENDING:
            decline(state, order, run.spec.blocked)
        elif run is not None:
            _HANDLERS[order.kind](state, run, order)
        elif order.kind == "discard":
            state.mutations.letter_states.append(("discarded", order.letter))
        else:
            decline(state, order, why)
    state.pending.pop(number, None)
    state.item = held


def _set_aside(state: State, order: Order, blame: Blame) -> None:
    """A command that raised is taken out of the inbox; where even that raised it stays there."""
    if blame.times >= Rung.BY_ITS_ROW:
        return
    blame.met = True
    _consume(state, order)
    decline(state, order, blame.text)


def _consume(state: State, order: Order) -> None:
    if order.consumed is not None:
        state.mutations.consumed.append(order.consumed)


def _pause(state: State, order: Order) -> None:
    stop = order.kind == "pause"
    _consume(state, order)
    state.mutations.pauses[order.name] = stop
    pause(state, order.name, stop=stop)


def _probe(state: State, order: Order) -> None:
    """Let a receiver that is held to be down be tried now, whatever it asked for: by as many
    requests as when its time is over. They close its circuit, or it opens again."""
    endpoint = state.endpoints.get(order.name)
    if endpoint is None or not endpoint.circuit.is_open:
        decline(state, order, "its circuit is not open: what is ready is sent")
        return
    endpoint.circuit.open_until = min(endpoint.circuit.open_until, state.now)
    endpoint.blocked_until = min(endpoint.blocked_until, state.now)
    state.dirty_limits[endpoint.name] = endpoint
    if not endpoint.ready and (first := state.timers.first(endpoint.name)) is not None:
        state.timers.set(first, state.now)


def _work(run: Run, name: str) -> Work | None:
    return next((work for work in run.works if work.spec.name == name), None)


def _replay(state: State, run: Run, order: Order) -> None:
    """Grant fresh attempts to a dead node. Anything but a dead one is left as it is, so that two
    replays at once send once."""
    work = _work(run, order.node)
    if work is None or work.state != DEAD:
        decline(state, order)
        return
    if run.spec.graph.has_else[work.spec.index] and not order.force:
        decline(state, order)
        return
    go_by_own(run, work)
    answer = order.answer
    if answer is not None and work.spec.restore_answer is not None:
        try:
            answer = work.spec.restore_answer(answer)
        except AnswerMisfit as misfit:
            decline(state, order, misfit.bare)
            return
    if answer is None and not order.original:
        unfit = go_by_active(state, run, work)
        if unfit is not None:
            decline(state, order, unfit.bare)
            return
    state.tally.replayed += 1
    work.failed, work.crashes, work.since = 0, 0, 0
    work.replay = Replay.BY_ORIGINAL if order.original else Replay.BY_ACTIVE
    work.bulk = order.bulk
    work.failure = None
    state.mutations.letter_states.append(("replaying", letter_name(run.id, order.node)))
    if answer is not None:
        _reopen(state, run)
        complete(state, run, work, answer)
        return
    _send_again(state, run, work, order.due)


def go_by_own(run: Run, work: Work) -> None:
    """Let the work use the plan of its run."""
    work.spec, work.view = run.spec.nodes[work.spec.index], None


def go_by_active(state: State, run: Run, work: Work) -> Unfit | None:
    """Let a replay go by the active plan, as that sees its event and the answers it reads; the
    graph stays. What does not fit stays as it is, and why is given."""
    program, own = state.active, state.programs.get(run.spec.plan)
    observer = program.observers.get(run.spec.name)
    node = None if observer is None else observer.node(work.spec.name)
    measure, view = program.measure, None
    if measure is not None and program is not own:
        found = measure.fit(_story(run, work), None if own is None else own.measure)
        if isinstance(found, Unfit):
            return found
        view = found
    if node is not None:
        work.spec, work.view = replace(node, index=work.spec.index), view
    return None


def _story(run: Run, work: Work) -> Story:
    event = run.event
    past = {one.spec.name: Past(one.state, one.answer) for one in run.works}
    return Story(run.spec.name, work.spec.name, event.entity, event.kind, event.payload, past)


def renew(state: State, work: Work) -> Unfit | None:
    """Let the work go by its plan as prepared last. It keeps its place among the endpoints. A
    replay goes by the active plan; gives why it does not fit that."""
    owner = work.owner
    program = state.programs.get(owner.spec.plan)
    if program is None or work.state in TERMINAL:
        return None
    if isinstance(owner, Run) and work.replay is Replay.BY_ACTIVE:
        return go_by_active(state, owner, work)
    node = program.observers[owner.spec.name].nodes[work.spec.index]
    if node is not work.spec:
        same = node.endpoint == work.spec.endpoint
        work.spec = node if same else replace(node, endpoint=work.spec.endpoint)
    return None


def _resend(state: State, run: Run, order: Order) -> None:
    """Send nodes that were done once more, under the same key or on purpose a new one."""
    for work in run.works:
        if work.state == DONE and order.node in ("", work.spec.name):
            if order.new_key:
                work.redelivery = False
                work.key = fresh_key(run.key, work.spec.name, order.new_key)
            work.failed, work.crashes, work.since = 0, 0, 0
            go_by_own(run, work)
            _send_again(state, run, work, 0)


def _send_again(state: State, run: Run, work: Work, due: int) -> None:
    _reopen(state, run)
    if due > state.now:
        state.timers.set(work, due)
    else:
        work.state = READY
    state.place(run)
    if run.blocked:
        state.let_go(run)
    elif work.state == READY:
        state.endpoint(work.spec.endpoint).ready.append(work)
    state.touch(run)


def _reopen(state: State, run: Run) -> None:
    if run.ended is None:
        return
    run.state, run.ended, run.again = "open", None, True
    state.tally.open_runs += 1
    if run.spec.order_by is not None:
        rejoin_queue(state, run)
    state.hold(run)


def _discard(state: State, run: Run, order: Order) -> None:
    """Give a dead letter up for good: what waits after the node is cancelled. An evicted one has
    left the store already."""
    if order.kind != "evict":
        state.mutations.letter_states.append(("discarded", order.letter))
    work = _work(run, order.node)
    stopped = work is not None and order.kind == "discard" and _stop_replay(state, run, work)
    if work is None or work.state != DEAD:
        return
    if run.spec.graph.has_else[work.spec.index]:
        if stopped:
            close_if_ended(state, run)
        return
    work.state = CANCELLED
    _cancel_behind(run, work)
    if run.ended is None:
        close_if_ended(state, run)
    elif run.spec.graph.ended(run.states()) != "dead":
        _end_as_cancelled(state, run)
    else:
        state.touch(run)


def _stop_replay(state: State, run: Run, work: Work) -> bool:
    """What was to be replayed and was not sent yet is dead as before; what is on the wire ends,
    and is not tried again."""
    if work.replay not in REPLAYS:
        return False
    if work in state.in_flight:
        end_replay(state, work, "other", Replay.LAST_TRY)
        state.touch(run)
        return False
    end_replay(state, work, "other")
    work.state, work.due = DEAD, 0
    return True


def _cancel_behind(run: Run, given_up: Work) -> None:
    """What waits for this node, directly or not, will never have its turn."""
    graph, lost = run.spec.graph, {given_up.spec.index}
    for index in graph.order:
        behind = any(edge.source in lost for edge in graph.incoming[index])
        if behind and run.works[index].state == WAITING:
            run.works[index].state = CANCELLED
            lost.add(index)


def _end_as_cancelled(state: State, run: Run) -> None:
    run.state = "cancelled"
    if run.order_key is not None:
        leave_queue(state, run)
    state.touch(run)


def _cancel(state: State, run: Run, _order: Order) -> None:
    """Stop a run. Its open dead letters are given up with it."""
    if run.state not in ("open", "dead", "expired"):
        return
    for work in run.works:
        if work.state == DEAD or work.replay in REPLAYS:
            name = letter_name(run.id, work.spec.name)
            state.mutations.letter_states.append(("discarded", name))
        handled = run.spec.graph.has_else[work.spec.index]
        if work.state == WAITING or (work.state == DEAD and not handled):
            work.state = CANCELLED
    if run.ended is None:
        cancel_run(state, run)
    else:
        _end_as_cancelled(state, run)


_HANDLERS: dict[str, Callable[[State, Run, Order], None]] = {
    "replay": _replay, "resend": _resend, "discard": _discard, "evict": _discard, "cancel": _cancel,
}  # fmt: skip
_AT_ONCE: dict[str, Callable[[State, Order, Mapping[bytes, Remembered]], None]] = {
    BULK: begin, STOP: lambda state, order, _: stop(state, order),
    "probe": lambda state, order, _: _probe(state, order),
    "seal": lambda state, order, _: seal_now(state, order.name, order.node),
    "watch": lambda state, _order, _known: watch(state),
}  # fmt: skip
"""Commands that are about no run."""
KINDS = frozenset({*_HANDLERS, *_AT_ONCE, "pause", "resume"})
"""Commands that the inbox may hold besides events."""
