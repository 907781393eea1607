"""Faults planted in bulk replays."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

WALK = "runtime/fql/engine/process/replays/bulks.py"
CORE = "runtime/fql/engine/core/history/bulk.py"
CORES = "tests/engine/test_planted.py::"
TESTS = "tests/app/letters/test_bulks.py::"
PASSED = "tests/app/letters/test_bulks_passed.py::"

MUTANTS = (
    Mutant(
        "the cursor does not move",
        CORE,
        "BulkStep(marks.bulk, at, name, ended,",
        "BulkStep(marks.bulk, None, None, ended,",
        CORES + "test_the_cursor_moves_with_what_is_marked",
    ),
    Mutant(
        "what cannot be replayed is read again and again",
        WALK,
        "            elif within:\n                cursor = newest_last(within[-1])\n",
        "",
        PASSED + "test_more_than_a_page_that_cannot_be_replayed_is_passed",
    ),
    Mutant(
        "the upper bound is ignored",
        WALK,
        "replace(asked.letters, below=cursor, limit=limit)",
        "replace(asked.letters, below=None, limit=limit)",
        TESTS + "test_what_fails_after_the_dry_run_is_not_part_of_it",
    ),
    Mutant(
        "the lower bound is ignored",
        WALK,
        "if asked.oldest is None or newest_last(one) >= asked.oldest",
        "if asked",
        TESTS + "test_a_limit_is_a_bound_as_well",
    ),
    Mutant(
        "the rate of a bulk is ignored",
        WALK,
        "room = walked.pace.room(asked.rate, now)",
        "room = walked.pace.room(1_000_000, now)",
        TESTS + "test_one_that_is_stopped_marks_no_more",
    ),
    Mutant(
        "a pace makes up for all that was missed",
        WALK,
        "min(self._room + passed * rate / 1000, max(1.0, rate))",
        "self._room + passed * rate / 1000",
        TESTS + "test_never_faster_than_the_rate",
    ),
    Mutant(
        "what cannot be replayed is marked",
        WALK,
        "chosen = [one for one in within if one.id not in why_not][:room]",
        "chosen = within[:room]",
        TESTS + "test_each_way_of_ending_is_counted_once",
    ),
    Mutant(
        "a form that was done before is done again",
        CORE,
        "        if form in known or any(",
        "        if any(",
        CORES + "test_a_form_that_is_known_begins_nothing",
    ),
    Mutant(
        "a form is done twice in one commit",
        CORE,
        "if form in known or any(one.key == form for one in state.mutations.remembered):",
        "if form in known:",
        CORES + "test_two_of_one_form_in_one_commit_are_one",
    ),
    Mutant(
        "a stop is ignored",
        CORE,
        "    history_of(state).step(BulkStep(order.bulk, state=STOPPED))\n",
        "",
        TESTS + "test_one_that_is_stopped_marks_no_more",
    ),
    Mutant(
        "a page that was read before the stop is marked",
        CORE,
        "if FIRST not in state.shards.mine or marks.bulk in state.stopped:",
        "if FIRST not in state.shards.mine:",
        CORES + "test_a_page_that_was_read_before_the_stop_is_not_marked",
    ),
    Mutant(
        "a page that was read before the store was loaded again is marked",
        "runtime/fql/engine/loop/engine.py",
        "if seen != (self.generation, self.tenure):",
        "if seen[1] != self.tenure:",
        PASSED + "test_a_page_from_before_the_engine_loaded_again_is_thrown_away",
    ),
    Mutant(
        "the end of a replay is counted twice",
        CORE,
        "    work.bulk = 0\n",
        "",
        CORES + "test_the_end_of_a_replay_is_counted_once",
    ),
    Mutant(
        "a bulk is never at its end",
        CORE,
        "ended = MARKED if marks.last else None",
        "ended = None",
        TESTS + "test_a_limit_is_a_bound_as_well",
    ),
    Mutant(
        "a stopped bulk becomes `marked` in SQLite",
        "runtime/fql/store/sqlite/writing/history.py",
        "CASE state WHEN 'running' THEN ifnull(?, state) ELSE state END",
        "ifnull(?, state)",
        "tests/store/history/test_history.py::test_a_stopped_bulk_stays_stopped",
    ),
)
