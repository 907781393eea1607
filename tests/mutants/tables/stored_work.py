"""Faults planted in what the core does with stored work: commands, queues, restarts, shards."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "a command stays in the inbox",
        "runtime/fql/engine/core/orders.py",
        "        state.mutations.consumed.append(order.consumed)\n",
        "        pass\n",
        "tests/engine/steps/test_orders.py::test_a_command_about_no_run_leaves_the_inbox_at_once",
    ),
    Mutant(
        "a discard lets go on what waits after it",
        "runtime/fql/engine/core/orders.py",
        "    work.state = CANCELLED\n    _cancel_behind(run, work)\n",
        "    work.state = CANCELLED\n",
        "tests/engine/test_core.py::test_discard_cancels_what_waits_behind",
    ),
    Mutant(
        "of two replays the second one takes over",
        "runtime/fql/engine/core/orders.py",
        "if work is None or work.state != DEAD:\n        decline(state, order)\n",
        "if work is None:\n        decline(state, order)\n",
        "tests/engine/test_planted.py::test_of_two_replays_the_second_has_nothing_to_do",
    ),
    Mutant(
        "a second run of a key does not wait",
        "runtime/fql/engine/core/queues.py",
        "    queue.append(run.id)\n    run.blocked = queue[0] != run.id",
        "    queue.append(run.id)\n    run.blocked = False",
        "tests/engine/test_core.py::test_one_run_at_a_time_for_a_key_in_order",
    ),
    Mutant(
        "a dead run that is replayed is held to be dead",
        "runtime/fql/engine/core/queues.py",
        "    state.halted.discard(run.id)\n    if run.id in queue and",
        "    if run.id in queue and",
        "tests/engine/test_core.py::test_of_two_dead_runs_of_a_key_one_goes_at_a_time",
    ),
    Mutant(
        "a clean end counts as a crash",
        "runtime/fql/engine/core/recover.py",
        "    if state.count_crashes:\n",
        "    if state:\n",
        "tests/engine/test_core.py::test_crashes_of_drained_engines_do_not_count",
    ),
    Mutant(
        "a clock set back delays a retry",
        "runtime/fql/engine/core/recover.py",
        "due = work.due if work.replay else min(work.due, latest)",
        "due = work.due",
        "tests/engine/test_core.py::test_a_due_time_far_off_is_cut_on_load",
    ),
    Mutant(
        "a redelivery does not say so",
        "runtime/fql/engine/core/recover.py",
        "    work.redelivery = True\n",
        "",
        "tests/engine/test_core.py::test_a_key_stays_the_same_and_attempts_count_on",
    ),
    Mutant(
        "poison is sent for ever",
        "runtime/fql/engine/core/recover.py",
        "    if work.crashes >= settings.crash_budget:\n"
        "        poison(state, work)\n"
        "        return\n",
        "",
        "tests/engine/test_core.py::test_poison_is_found_alone_and_buried",
    ),
    Mutant(
        "what is under way is sent again after a reload",
        "runtime/fql/engine/core/recover.py",
        "if (work.owner.id, work.spec.name, work.sends) not in state.aloft:",
        "if work:",
        "tests/engine/test_core.py::test_a_run_under_way_keeps_its_place_when_memory_is_loaded_again",
    ),
    Mutant(
        "a bucket fills from a time to come",
        "runtime/fql/engine/core/taking.py",
        "limit.tokens, min(limit.at, state.now)",
        "limit.tokens, limit.at",
        "tests/engine/test_planted.py::test_a_clock_that_is_set_back_does_not_stop_a_rate",
    ),
    Mutant(
        "dead runs that block are forgotten over a restart",
        "runtime/fql/engine/core/taking.py",
        "    state.halted.update(snapshot.halted)\n",
        "",
        "tests/engine/test_planted.py::test_after_a_restart_too_a_replay_goes_before_a_dead_run_that_blocks",
    ),
    Mutant(
        "batches of a shard that moves are kept",
        "runtime/fql/engine/core/moving/leaving.py",
        "    state.left = [row for row in state.left if row.shard not in gone]\n",
        "",
        "tests/engine/test_planted.py::test_a_shard_that_is_given_up_takes_its_batches_along",
    ),
    Mutant(
        "what is stuck in a shard that moves is kept",
        "runtime/fql/engine/core/moving/leaving.py",
        "state.stuck.items() if one.shard not in gone}",
        "state.stuck.items()}",
        "tests/engine/test_planted.py::test_a_shard_that_is_given_up_takes_its_batches_along",
    ),
    Mutant(
        "a probe that is asked for closes the circuit",
        "runtime/fql/engine/core/orders.py",
        "endpoint.circuit.open_until = min(endpoint.circuit.open_until, state.now)",
        "endpoint.circuit.open_until = 0",
        "tests/engine/test_core.py::test_a_probe_that_a_person_asks_for_is_one_request_however_many_wait",
    ),
    Mutant(
        "a pause stays in the inbox",
        "runtime/fql/engine/core/orders.py",
        "    _consume(state, order)\n    state.mutations.pauses",
        "    state.mutations.pauses",
        "tests/engine/steps/test_orders.py::test_a_command_about_no_run_leaves_the_inbox_at_once",
    ),
    Mutant(
        "a replay that is discarded before its time is not counted",
        "runtime/fql/engine/core/orders.py",
        '    end_replay(state, work, "other")\n    work.state, work.due = DEAD, 0\n',
        "    work.state, work.due = DEAD, 0\n",
        "tests/engine/steps/test_orders.py::test_a_replay_that_is_discarded_before_it_is_sent_is_over",
    ),
    Mutant(
        "a replay by its own plan goes by the active one",
        "runtime/fql/engine/core/orders.py",
        "    go_by_own(run, work)\n    answer = order.answer\n",
        "    answer = order.answer\n",
        "tests/engine/steps/test_orders.py::test_a_replay_goes_by_the_plan_it_is_asked_to_go_by",
    ),
    Mutant(
        "a dead run whose letter is discarded stays dead",
        "runtime/fql/engine/core/orders.py",
        '    run.state = "cancelled"\n',
        "",
        "tests/engine/steps/test_orders.py::test_a_run_whose_last_letter_is_discarded_is_cancelled_and_frees_its_key",
    ),
    Mutant(
        "a cancelled run is waited for until its old time",
        "runtime/fql/engine/core/recover.py",
        "        endpoint.stored_due = 0\n",
        "        pass\n",
        "tests/engine/steps/test_orders.py::test_what_is_cancelled_while_it_waits_for_a_time_is_waited_for_no_more",
    ),
)
