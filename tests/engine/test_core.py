"""The core step by step: limits, circuits, batches, order, crashes, commands, on virtual time."""

from __future__ import annotations

import orjson

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import CoreSettings, Order, Performed
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy, ObserverSpec
from fql.plan.policies import RetryPolicy
from fql.store.tables import Change
from tests.engine.programs import observer, program
from tests.simulation.world import World, now

OK = Outcome(status=200)
DOWN = Outcome(status=503)


def world(
    *observers: ObserverSpec, limits: EndpointLimits | None = None, **settings: object
) -> World:
    made = program(*observers, limits={"here": limits} if limits else None)
    core = CoreSettings(**settings)  # type: ignore[arg-type]
    return World(made, 1, core, failure_rate=0.0)


def answer(w: World, outcome: Outcome = OK, count: int = 10**6) -> None:
    """The receivers answer what is on the wire, oldest first, and the engine takes it in."""
    landing, w.wire = w.wire[:count], w.wire[count:]
    for work in landing:
        w.inputs.outcomes.append(Performed(work, outcome, work.sends, w.clock.now(), "{}"))
    w.cycle()


def emit(w: World, *numbers: int) -> None:
    for number in numbers:
        w.emit(number)
    w.cycle()


def wait(w: World, milliseconds: int) -> None:
    w.clock.advance(milliseconds)
    w.cycle()


def seen(w: World) -> list[int]:
    """Events on the wire so far, in order."""
    return [arrival.members[0] for arrival in w.ledger]


def test_work_is_armed_in_the_commit_that_stores_the_event() -> None:
    w = world(observer("a"))
    emit(w, 1)
    assert [run.works for run in w.runs()] == ['[["a",1,0,0,0,1767225600000]]']
    answer(w)
    assert [run.state for run in w.runs()] == ["done"]


def test_a_known_key_is_acknowledged_and_ignored() -> None:
    w = world(observer("a"))
    emit(w, 1)
    emit(w, 1, 1)
    assert len(w.runs()) == 1
    assert w.state.tally.duplicates == 2


def test_the_retry_schedule_is_exact_without_jitter() -> None:
    w = world(observer("a", retry=RetryPolicy(jitter="none", max_attempts=4)))
    emit(w, 1)
    start, times = w.clock.now(), []
    for _ in range(3):
        answer(w, DOWN)
        assert w.wake is not None
        w.clock.move_to(w.wake)
        w.cycle()
        times.append(w.clock.now() - start)
    assert times == [100, 350, 975]
    answer(w, DOWN)
    assert [letter.error_class for letter in w.letters()] == ["exhausted"]


def test_a_key_stays_the_same_and_attempts_count_on() -> None:
    w = world(observer("a"))
    emit(w, 1)
    answer(w, DOWN)
    wait(w, 100)
    w.crash()
    w.cycle()
    w.cycle()
    assert len({arrival.key for arrival in w.ledger}) == 1
    assert [arrival.attempt for arrival in w.ledger] == [1, 2, 3]
    assert [arrival.redelivery for arrival in w.ledger] == [False, False, True]


def test_rate_limit_spends_the_burst_then_waits_for_tokens() -> None:
    w = world(observer("a"), limits=EndpointLimits(per_second=10, burst=2))
    emit(w, 1, 2, 3, 4)
    assert seen(w) == [1, 2]
    answer(w)
    wait(w, 99)
    assert len(seen(w)) == 2
    wait(w, 2)
    assert seen(w) == [1, 2, 3]


def test_a_restart_does_not_grant_another_burst() -> None:
    w = world(observer("a"), limits=EndpointLimits(per_second=1, burst=3))
    emit(w, 1, 2, 3)
    answer(w)
    w.crash()
    emit(w, 4)
    assert len(w.ledger) == 3


def test_concurrency_is_never_exceeded() -> None:
    w = world(observer("a"), limits=EndpointLimits(concurrency=2))
    emit(w, 1, 2, 3, 4)
    assert seen(w) == [1, 2]
    answer(w, count=1)
    assert seen(w) == [1, 2, 3]


def test_the_circuit_opens_probes_and_closes_without_spending_attempts() -> None:
    limits = EndpointLimits(failures=2, open_for=1000)
    w = world(observer("a", retry=RetryPolicy(jitter="none", max_attempts=2)), limits=limits)
    emit(w, 1, 2)
    answer(w, DOWN)
    wait(w, 500)
    assert len(w.ledger) == 2, "open: both wait"
    wait(w, 500)
    assert len(w.ledger) == 3, "one probe"
    answer(w)
    assert len(w.ledger) == 4, "closed again"
    answer(w)
    assert {run.state for run in w.runs()} == {"done"}


def test_a_person_has_an_open_circuit_probed_now() -> None:
    """By one request, which closes the circuit, or that stays."""
    limits = EndpointLimits(failures=2, open_for=10_000)
    w = world(observer("a", retry=RetryPolicy(jitter="none", max_attempts=5)), limits=limits)
    emit(w, 1, 2)
    answer(w, DOWN)
    endpoint = w.state.endpoints["here"]
    for _ in range(2):
        before = len(w.ledger)
        w.order(Order("probe", name="here"))
        w.cycle()
        w.cycle()
        assert len(w.ledger) == before + 1, "one, although none was due yet"
        answer(w, DOWN)
        assert endpoint.circuit.open_until == w.clock.now() + 10_000
    w.order(Order("probe", name="here"))
    w.cycle()
    answer(w)
    assert not endpoint.circuit.is_open
    for name in ("here", "nowhere"):
        w.order(Order("probe", name=name))
        w.cycle()
        ((order, why),) = w.result.refused
        assert order.name == name and "its circuit is not open" in why


def test_a_probe_that_a_person_asks_for_is_one_request_however_many_wait() -> None:
    w = world(observer("a"), limits=EndpointLimits(failures=1, open_for=10_000))
    emit(w, 1)
    answer(w, DOWN)
    emit(w, 2, 3, 4)
    assert seen(w) == [1]
    w.order(Order("probe", name="here"))
    w.cycle()
    assert len(seen(w)) == 2, "the circuit is not closed before an answer says so"
    answer(w)
    assert len(seen(w)) > 2


def test_a_probe_goes_also_where_the_receiver_asked_to_be_left_alone() -> None:
    """What it has refused waits in the store by then; what comes next is the probe."""
    w = world(observer("a"), limits=EndpointLimits(failures=1, open_for=10_000))
    emit(w, 1)
    answer(w, Outcome(status=503, retry_after=60_000))
    emit(w, 2)
    assert seen(w) == [1]
    w.order(Order("probe", name="here"))
    w.cycle()
    assert seen(w) == [1, 2]


def test_retry_after_stops_the_whole_endpoint_without_spending_attempts() -> None:
    w = world(observer("a"), limits=EndpointLimits(concurrency=1))
    emit(w, 1, 2)
    answer(w, Outcome(status=429, retry_after=5000))
    wait(w, 4999)
    assert seen(w) == [1]
    wait(w, 1)
    assert len(seen(w)) == 2


def test_a_crash_forgets_no_retry_after_however_long_the_plan_lets_it_be() -> None:
    """Two hours were asked for and are honoured; a clock set back by a day adds none."""
    hour = 3_600_000
    patient = RetryPolicy(jitter="none", retry_after_max=5 * hour)
    w = world(observer("a", retry=patient), limits=EndpointLimits(concurrency=1))
    emit(w, 1, 2)
    answer(w, Outcome(status=429, retry_after=2 * hour))
    w.crash()
    w.cycle()
    wait(w, 2 * hour - 1)
    w.cycle()
    assert seen(w) == [1]
    w.clock.advance(-24 * hour)
    w.crash()
    w.cycle()
    wait(w, 5 * hour)
    assert len(seen(w)) == 2


def test_a_dead_receiver_leaves_room_for_others() -> None:
    """One endpoint hangs with all it may have; another still sends at once."""
    slow = observer("a", "slow", endpoint="slow")
    quick = observer("b", "quick", endpoint="quick")
    made = program(slow, quick, matching=lambda e: ["slow" if int(e.id[1:]) < 100 else "quick"])
    w = World(made, 1, CoreSettings(max_in_flight=8, window=16), failure_rate=0.0)
    w.state.endpoint("quick")
    emit(w, *range(50))
    held = len(w.ledger)
    assert held <= 8
    emit(w, *range(100, 104))
    assert {arrival.observer for arrival in w.ledger[held:]} == {"quick"}


def test_memory_holds_a_window_and_the_rest_waits_in_the_store() -> None:
    w = world(observer("a"), limits=EndpointLimits(concurrency=2), window=20)
    emit(w, *range(500))
    assert len(w.state.runs) <= 20
    w.settle()
    assert sorted(seen(w)) == list(range(500))


def test_batches_fill_or_wait_their_time_and_keep_their_members() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(3, 1000)}))
    emit(w, *range(7))
    assert [arrival.members for arrival in w.ledger] == [(0, 1, 2), (3, 4, 5)]
    wait(w, 999)
    assert len(w.ledger) == 2
    wait(w, 1)
    assert w.ledger[2].members == (6,)
    w.crash()
    w.cycle()
    again = {(arrival.key, arrival.members) for arrival in w.ledger[3:]}
    assert again == {(arrival.key, arrival.members) for arrival in w.ledger[:3]}


def test_a_buffer_survives_a_crash_with_its_time() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(3, 1000)}))
    emit(w, 1, 2)
    w.crash()
    wait(w, 1000)
    assert [arrival.members for arrival in w.ledger] == [(1, 2)]


def test_a_reply_names_the_members_that_failed() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(3, 1000)}))
    emit(w, 1, 2, 3)
    answer(w, Outcome(status=200, failed_members=((1, "unknown sku"),)))
    assert [(letter.reason, letter.error_class) for letter in w.letters()] == [
        ("unknown sku", "permanent")
    ]
    assert sorted(run.state for run in w.runs()) == ["dead", "done", "done"]


def test_a_person_has_what_is_collected_sent_now() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(3, 1000)}))
    emit(w, 1, 2)
    assert not w.ledger
    for name, sent in (("other", 0), ("a", 1)):
        w.order(Order("seal", name="watch", node=name))
        w.cycle()
        assert len(w.ledger) == sent
    assert w.ledger[0].members == (1, 2)


def test_a_dead_batch_writes_a_letter_for_each_member_and_one_is_replayed_alone() -> None:
    w = world(observer("a", batch={"a": BatchPolicy(2, 1000)}))
    emit(w, 1, 2)
    batch_key = w.ledger[0].key
    answer(w, Outcome(status=404))
    letters = w.letters()
    assert len(letters) == 2
    assert len({letter.batch for letter in letters}) == 1
    w.order(Order("replay", run=letters[0].run, node="a", letter=letters[0].id))
    w.settle()
    assert w.ledger[-1].key != batch_key
    assert len(w.ledger[-1].members) == 1
    assert len(w.letters()) == 1


def ordered(**options: object) -> ObserverSpec:
    return observer("a", order_by=lambda scope: str(int(scope.id[1:]) % 2), **options)  # type: ignore[arg-type]


def test_one_run_at_a_time_for_a_key_in_order() -> None:
    w = world(ordered())
    emit(w, 0, 1, 2, 3, 4)
    assert seen(w) == [0, 1]
    w.settle()
    evens = [number for number in seen(w) if number % 2 == 0]
    assert evens == [0, 2, 4]


def test_a_retry_blocks_its_key_only() -> None:
    w = world(ordered())
    emit(w, 0, 1, 2)
    landing = w.wire.pop(0)
    w.inputs.outcomes.append(Performed(landing, DOWN, 1, w.clock.now(), "{}"))
    w.cycle()
    assert seen(w) == [0, 1]


def test_on_dead_skip_goes_on_and_block_waits_for_a_replay() -> None:
    for block, expected in ((False, [0, 2]), (True, [0])):
        w = world(ordered(block_on_dead=block))
        emit(w, 0, 2)
        answer(w, Outcome(status=404))
        w.cycle()
        assert seen(w) == expected
        if block:
            w.crash()
            [letter] = w.letters()
            w.order(Order("replay", run=letter.run, node="a", letter=letter.id))
            w.settle()
            assert seen(w) == [0, 0, 2]


def replay(w: World, number: int) -> None:
    """Replay the dead letter of an event, while nobody answers."""
    runs = {run.id: run for run in w.runs()}
    [letter] = [one for one in w.letters() if one.event_id == f"e{number}" and one.run in runs]
    w.order(Order("replay", run=letter.run, node="a", letter=letter.id))
    w.cycle()
    w.cycle()


def test_a_run_under_way_keeps_its_place_when_memory_is_loaded_again() -> None:
    """The later of two dead runs is replayed first; then a commit has no reply."""
    w = world(ordered())
    emit(w, 0, 2)
    for _ in range(2):
        answer(w, Outcome(status=404))
        w.cycle()
    replay(w, 2)
    replay(w, 0)
    assert seen(w) == [0, 2, 2]
    [flying] = w.wire
    w.load(now(w.store.load(w.lease)), w.state.next_number, {(flying.owner.id, "a", flying.sends)})
    w.cycle()
    w.cycle()
    assert seen(w) == [0, 2, 2], "one at a time"
    answer(w)
    w.settle()
    assert seen(w) == [0, 2, 2, 0]
    assert [run.state for run in w.runs()] == ["done", "done"]


def test_of_two_dead_runs_of_a_key_one_goes_at_a_time() -> None:
    w = world(ordered(block_on_dead=True))
    emit(w, 0)
    answer(w)
    emit(w, 2)
    answer(w, Outcome(status=404))
    first = min(run.id for run in w.runs())
    w.order(Order("resend", run=first))
    w.cycle()
    w.cycle()
    answer(w, Outcome(status=404))
    replay(w, 0)
    replay(w, 2)
    assert seen(w) == [0, 2, 0, 0]
    w.settle()
    assert seen(w) == [0, 2, 0, 0, 2]


def test_poison_is_found_alone_and_buried() -> None:
    """From the third crash on a node is sent alone; five in a row are its end."""
    w = world(observer("a"), crash_budget=5, alone_from=3)
    emit(w, 1)
    for _ in range(5):
        w.crash()
        w.cycle()
        w.cycle()
    [letter] = w.letters()
    assert letter.error_class == "poison"
    assert len(w.ledger) == 5


def test_a_suspect_flies_alone_and_an_outcome_clears_it() -> None:
    w = world(observer("a"), crash_budget=5, alone_from=2)
    emit(w, 1, 2)
    for _ in range(2):
        w.crash()
        w.cycle()
        w.cycle()
    assert len(w.wire) == 1, "two suspects, one on the wire"
    answer(w)
    answer(w)
    assert {run.state for run in w.runs()} == {"done"}


def test_crashes_of_drained_engines_do_not_count() -> None:
    w = world(observer("a"), crash_budget=2, alone_from=9)
    emit(w, 1)
    for _ in range(5):
        w.store.fence()
        w.start()
        w.cycle()
        w.cycle()
    assert w.letters() == []


def test_an_unsent_action_that_is_too_old_expires() -> None:
    w = world(observer("a>b", max_age=1000))
    w.clock.advance(1000)
    emit(w, 0)
    assert seen(w) == [0], "just in time"
    w = world(observer("a>b", max_age=1000))
    w.clock.advance(1001)
    emit(w, 1)
    assert w.ledger == []
    assert [letter.error_class for letter in w.letters()] == ["expired"]
    assert [run.state for run in w.runs()] == ["expired"]


def test_replay_grants_fresh_attempts_and_goes_on_behind() -> None:
    w = world(observer("a>b", retry=RetryPolicy(max_attempts=1)))
    emit(w, 1)
    answer(w, DOWN)
    [letter] = w.letters()
    order = Order("replay", run=letter.run, node="a", letter=letter.id)
    w.order(order)
    w.order(order)
    w.cycle()
    w.cycle()
    assert len(w.ledger) == 2, "two replays at once send once"
    assert w.ledger[0].key == w.ledger[1].key
    assert w.letters()[0].state == "replaying"
    answer(w)
    answer(w)
    assert [arrival.node for arrival in w.ledger] == ["a", "a", "b"]
    assert w.letters() == []


def test_a_failed_replay_keeps_the_letter_and_its_history() -> None:
    w = world(observer("a", retry=RetryPolicy(max_attempts=1)))
    emit(w, 1)
    answer(w, DOWN)
    [letter] = w.letters()
    w.order(Order("replay", run=letter.run, node="a", letter=letter.id))
    w.cycle()
    w.cycle()
    answer(w, Outcome(status=404))
    [after] = w.letters()
    assert (after.id, after.state, after.reason) == (letter.id, "dead", "status 404")
    assert len(w.store.tables.attempts[letter.run]) == 2


def test_a_replay_with_a_response_sends_nothing_and_goes_on() -> None:
    w = world(observer("a>b"))
    emit(w, 1)
    answer(w, Outcome(status=404))
    [letter] = w.letters()
    w.order(Order("replay", run=letter.run, node="a", letter=letter.id, answer={"x": 1}))
    w.settle()
    assert [arrival.node for arrival in w.ledger] == ["a", "b"]
    assert w.state.tally.open_runs == 0


def test_what_an_else_chain_handled_needs_force() -> None:
    w = world(observer("a>b,a!c"))
    emit(w, 1)
    answer(w, Outcome(status=404))
    answer(w)
    [letter] = w.letters()
    assert letter.handled
    order = Order("replay", run=letter.run, node="a", letter=letter.id)
    w.order(order)
    w.settle()
    assert [arrival.node for arrival in w.ledger] == ["a", "c"]
    w.order(Order("replay", run=letter.run, node="a", letter=letter.id, force=True))
    w.settle()
    assert [arrival.node for arrival in w.ledger] == ["a", "c", "a", "b"]


def test_discard_cancels_what_waits_behind() -> None:
    w = world(observer("a>b"))
    emit(w, 1)
    answer(w, Outcome(status=404))
    [letter] = w.letters()
    w.order(Order("discard", run=letter.run, node="a", letter=letter.id))
    w.settle()
    assert w.letters() == []
    assert w.states() == {1: {"a": "c", "b": "c"}}


def test_cancel_stops_what_is_not_on_the_wire() -> None:
    w = world(observer("a>b"))
    emit(w, 1)
    [run] = w.runs()
    w.order(Order("cancel", run=run.id))
    w.cycle()
    answer(w)
    w.settle()
    assert [arrival.node for arrival in w.ledger] == ["a"]
    assert w.states() == {1: {"a": "d", "b": "c"}}
    assert [run.state for run in w.runs()] == ["cancelled"]


def test_a_paused_endpoint_and_a_paused_observer_wait_until_resumed() -> None:
    for name in ("here", "watch"):
        w = world(observer("a"))
        w.order(Order("pause", name=name))
        w.cycle()
        emit(w, 1)
        assert w.ledger == []
        w.crash()
        w.cycle()
        w.cycle()
        assert w.ledger == [], "a pause is stored"
        w.order(Order("resume", name=name))
        w.settle()
        assert len(w.ledger) == 1


def test_resend_uses_the_same_key_unless_told() -> None:
    w = world(observer("a"))
    emit(w, 1)
    answer(w)
    [run] = w.runs()
    w.order(Order("resend", run=run.id))
    w.settle()
    w.order(Order("resend", run=run.id, new_key="salt"))
    w.settle()
    first, second, third = (arrival.key for arrival in w.ledger)
    assert first == second != third


def test_a_resend_that_fails_makes_a_dead_letter() -> None:
    w = world(observer("a", retry=RetryPolicy(jitter="none", max_attempts=2)))
    emit(w, 1)
    answer(w)
    [run] = w.runs()
    assert run.state == "done"
    w.order(Order("resend", run=run.id))
    w.cycle()
    w.cycle()  # it is read back first
    for _ in range(2):
        answer(w, DOWN)
        wait(w, 1_000)
    assert [(letter.error_class, letter.action) for letter in w.letters()] == [("exhausted", "a")]
    assert [run.state for run in w.runs()] == ["dead"]


def test_background_retry_off_buries_the_first_failure() -> None:
    w = world(observer("a"), background_retry=False)
    emit(w, 1)
    answer(w, DOWN)
    assert [letter.error_class for letter in w.letters()] == ["exhausted"]


def test_a_run_finishes_on_the_plan_it_started_with() -> None:
    w = world(observer("a>b"))
    emit(w, 1)
    newer = program(observer("z", plan="p2"))
    w.inputs.program = newer
    w.cycle()
    answer(w)
    emit(w, 2)
    assert [(arrival.node, arrival.members[0]) for arrival in w.ledger] == [
        ("a", 1), ("b", 1), ("z", 2),
    ]  # fmt: skip


def test_a_due_time_far_off_is_cut_on_load() -> None:
    """A clock that was wrong once must not delay work for years."""
    w = world(observer("a"))
    emit(w, 1)
    answer(w, DOWN)
    [run] = w.runs()
    far = w.clock.now() + 10**12
    works = orjson.loads(run.works)
    works[0][4] = far
    late = run._replace(works=orjson.dumps(works).decode(), due=far)
    w.store.tables.take(Change("runs", run.id, late))
    w.crash()
    for _ in range(3):
        w.cycle()
    assert w.wake is not None
    assert w.wake <= w.clock.now() + 3_600_000


def test_a_cancelled_run_on_the_wire_is_not_tried_again() -> None:
    w = world(observer("a"))
    emit(w, 1)
    [run] = w.runs()
    w.order(Order("cancel", run=run.id))
    w.cycle()
    answer(w, DOWN)
    w.settle()
    assert len(w.ledger) == 1
    assert [run.state for run in w.runs()] == ["cancelled"]
