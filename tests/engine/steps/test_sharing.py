"""What one engine of several does with what is not, or no longer, its own."""

from __future__ import annotations

import pytest

from fql.engine.core.held.inputs import Misfit, NewEvent, Order
from fql.engine.core.held.shards import Shards
from fql.engine.core.history.pulse import OVERHEARD
from fql.engine.core.queues import queue_name
from fql.engine.program.model import BatchPolicy
from fql.store.choosing import RunFilter
from fql.store.sharing.homes import home
from fql.store.sharing.port import Share
from tests.engine.programs import event, observer, program
from tests.engine.test_core import emit, world
from tests.simulation.world import World, now

SHARDS = 4


def one_of_two(mine: set[int]) -> World:
    w = world(observer("a"))
    w.state.shards = Shards(SHARDS, mine, shared=True)
    return w


@pytest.mark.parametrize("kind", ["event", "misfit", "order"])
def test_an_entry_of_the_inbox_for_another_engine_stays_there(kind: str) -> None:
    w = one_of_two({0, 1})
    match kind:
        case "event":
            w.inputs.events.append(NewEvent(event(1), consumed=7, shard=2))
        case "misfit":
            w.inputs.misfits.append(Misfit("s", "1", "Order", "insert", "", "", b"", consumed=7,
                                           shard=2))  # fmt: skip
        case _:
            w.order(Order("pause", consumed=7, shard=2, name="here"))
    w.cycle()
    assert w.result.turned_away == [7]
    assert w.result.mutations.consumed == []
    assert not (w.runs() or w.letters() or w.state.paused)


def test_what_comes_by_no_inbox_is_for_whoever_has_it() -> None:
    w = one_of_two({0, 1})
    w.inputs.events.append(NewEvent(event(1), shard=2))
    w.cycle()
    assert len(w.runs()) == 1


def test_what_is_more_than_a_fair_share_leaves_once_it_is_known_what_flies() -> None:
    for unmet in (False, True):
        w = one_of_two(set(range(SHARDS)))
        if unmet:
            w.state.unmet = {99}
        w.inputs.share = Share(frozenset(range(SHARDS)), 2)
        w.cycle()
        w.cycle()
        assert w.state.shards.mine == frozenset(range(SHARDS if unmet else SHARDS // 2))
        assert w.state.shards.live == 2


@pytest.mark.parametrize("mine", [{0, 1}, {2, 3}])
def test_pauses_are_those_of_whoever_has_the_first_shard(mine: set[int]) -> None:
    w = one_of_two(mine)
    first = 0 in mine
    w.inputs.share = Share(frozenset(mine), 2, frozenset({"here"}), watched=True)
    emit(w, 1)
    assert (w.state.paused == set()) is first
    assert (w.ledger != []) is first
    assert w.state.tally.watched_until == (0 if first else w.clock.now() + OVERHEARD)
    w.inputs.share = Share(frozenset(mine), 2)
    w.cycle()
    assert w.state.paused == set()
    assert len(w.ledger) == 1


def test_a_command_for_a_run_of_a_shard_that_moves_goes_with_it() -> None:
    w = one_of_two({0, 1})
    for number, shard in ((7, 1), (8, 0)):
        w.state.pending[90 + number] = [Order("cancel", consumed=number, run=90 + number,
                                              shard=shard)]  # fmt: skip
    w.state.shards.change(frozenset({0, 1}), frozenset({1}))
    w.cycle()
    assert w.result.turned_away == [7]
    assert list(w.state.pending) == [98]


def test_a_run_with_a_home_goes_there_and_its_owner_is_told() -> None:
    """By its queue, or by its buffer; nobody else may start it."""
    w = one_of_two({0, 1})
    queued = observer("a", "queued", order_by=lambda scope: scope.id)
    batched = observer("a", "batched", batch={"a": BatchPolicy(1, 0)})
    w.state.active = w.program = program(queued, batched)
    w.state.programs["p1"] = w.program
    emit(w, *range(8))
    rows = {run.id: run for run in w.runs()}
    hints = w.result.mutations.hints
    told = {run: shard for shard, hint in hints.items() for _, run in hint.queued}
    told |= {run: shard for shard, hint in hints.items() for run in hint.runs}
    away = {run.id: run.shard for run in rows.values() if run.shard > 1}
    assert told == away
    assert {rows[run].observer for run in away} >= {"queued"}
    sent = {run for arrival in w.ledger for run in arrival.run}
    assert sent == rows.keys() - away.keys()
    for run in rows.values():
        if run.observer == "queued":
            assert run.shard == home(queue_name("queued", _event(w, run.id)), SHARDS)


def _event(w: World, run: int) -> str:
    [found] = now(w.store.runs(RunFilter(ids=(run,))))
    return str(found.event.event_id)


def test_what_has_no_room_here_is_anybodys() -> None:
    """It waits in the store, in any shard; its owner is told where to look."""
    w = world(observer("a"), window=16, max_in_flight=4)
    w.state.shards = Shards(SHARDS, {0, 1}, shared=True)
    emit(w, *range(60))
    assert {run.shard for run in w.runs()} == set(range(SHARDS))
    hints = w.result.mutations.hints
    assert {shard: hint.lanes for shard, hint in hints.items()} == {2: {"here"}, 3: {"here"}}
    ours = sum(run.shard < 2 for run in w.runs())
    assert w.state.tally.open_runs == ours
