"""Faults planted in stores, and in the sources of events."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "what is under way is not the first of its queue",
        "runtime/fql/store/tables.py",
        "        queued.sort(key=lambda run: run.ended is not None or run.due is None)\n",
        "",
        "tests/engine/test_core.py::test_a_run_under_way_keeps_its_place_when_memory_is_loaded_again",
    ),
    Mutant(
        "half an entry of the log in NATS is read",
        "runtime/fql/store/nats/following.py",
        "        if number == of:\n",
        "        if number:\n",
        "tests/store/nats/test_store.py::test_an_entry_may_be_larger_than_a_message",
    ),
    Mutant(
        "a doubtful write to NATS is taken for a refused one",
        "runtime/fql/store/nats/session.py",
        '        except NatsError:\n            return "unknown"\n',
        '        except NatsError:\n            return "moved"\n',
        "tests/store/nats/test_engine.py::test_a_lost_commit_is_settled",
    ),
    Mutant(
        "the lease in NATS is replaced whoever has it",
        "runtime/fql/store/nats/session.py",
        "        expected = {EXPECTED: str(self._sequence)}\n",
        "        expected: dict[str, str] = {}\n",
        "tests/store/nats/test_store.py::test_a_fenced_engine_changes_nothing_and_reads_what_the_other_does",
    ),
    Mutant(
        "a plan that came into use again is pruned",
        "runtime/fql/store/postgresql/prune.py",
        "\n  AND short = $1 AND uses = $2",
        "\n  AND short = $1 AND $2::bigint IS NOT NULL",
        "tests/store/postgresql/test_plans.py::test_a_plan_that_comes_into_use_stays",
    ),
    Mutant(
        "a commit on PostgreSQL goes on without its session",
        "runtime/fql/store/postgresql/writing/commit.py",
        '    text = text.replace("{if}", "EXISTS (SELECT FROM f)")',
        '    text = text.replace("{if}", "true")',
        "tests/store/test_conformance.py::test_a_commit_under_an_old_lease_is_fenced",
    ),
    Mutant(
        "of two patches the first counts",
        "runtime/fql/store/postgresql/writing/folding.py",
        "    patches = last_of(patches, [patch.id for patch in patches])\n",
        "    patches = last_of(patches[::-1], [patch.id for patch in patches[::-1]])\n",
        "tests/store/postgresql/test_commit.py::test_a_row_that_is_inserted_and_changed_in_one_commit",
    ),
    Mutant(
        "what is dropped at once is made",
        "runtime/fql/store/postgresql/writing/folding.py",
        "        runs = [run for run in runs if run.id not in dropped]\n",
        "",
        "tests/store/postgresql/test_commit.py::test_what_is_dropped_in_the_commit_that_makes_it",
    ),
    Mutant(
        "a doubtful commit on PostgreSQL is not settled",
        "runtime/fql/store/postgresql/writing/session.py",
        "    if wire.one(_SETTLE, (me, int8(expected))) is not None:\n        return False\n",
        "",
        "tests/store/postgresql/test_session.py::test_a_late_commit_counts_no_more_once_it_is_settled",
    ),
    Mutant(
        "a fenced session on PostgreSQL commits",
        "runtime/fql/store/postgresql/writing/session.py",
        "  WHERE id = $1 AND cycle = $2 AND state = 'live' RETURNING id",
        "  WHERE id = $1 AND cycle = $2 RETURNING id",
        "tests/store/postgresql/test_session.py::test_an_expired_session_is_fenced_and_commits_nothing",
    ),
    Mutant(
        "a late commit on PostgreSQL counts",
        "runtime/fql/store/postgresql/writing/session.py",
        "  WHERE id = $1 AND cycle = $2 AND state = 'live' RETURNING id",
        "  WHERE id = $1 AND state = 'live' RETURNING id",
        "tests/store/postgresql/test_session.py::test_a_late_commit_counts_no_more_once_it_is_settled",
    ),
    Mutant(
        "a renewal revives a fenced session",
        "runtime/fql/store/postgresql/writing/session.py",
        'WHERE id = $1 AND state = \'live\'\n  RETURNING id"""  # noqa: S608\n_SETTLE',
        'WHERE id = $1\n  RETURNING id"""  # noqa: S608\n_SETTLE',
        "tests/store/test_conformance.py::test_a_lease_can_be_renewed_until_another_session_begins",
    ),
    Mutant(
        "a store that went back is not noticed",
        "runtime/fql/store/sessions.py",
        "    if stored < expected:\n        raise rewound(expected - stored)\n",
        "",
        "tests/engine/test_session.py::test_a_store_that_went_back_says_how_many_commits_are_lost",
    ),
    Mutant(
        "sessions may have a number twice",
        "runtime/fql/store/sessions.py",
        "return max(last + 1, min(now - BEGINNING, LATEST))",
        "return min(now - BEGINNING, LATEST)",
        "tests/engine/test_session.py::test_session_numbers_grow_whatever_the_clock_says",
    ),
    Mutant(
        "commits survive no power cut",
        "runtime/fql/store/sqlite/files.py",
        '"PRAGMA synchronous = FULL"',
        '"PRAGMA synchronous = OFF"',
        "tests/disk/test_power_loss.py::test_an_engine_goes_on_after_the_power_is_back",
    ),
    Mutant(
        "a commit does not ask whether its session lives",
        "runtime/fql/store/sqlite/schema.py",
        'COUNT_COMMIT = f"UPDATE fql_session SET cycle = ?, numbered = ? WHERE {LIVE} AND'
        ' cycle = ?"',
        'COUNT_COMMIT = "UPDATE fql_session SET cycle = ?, numbered = ? WHERE id = ? AND '
        'cycle = ?"',
        "tests/store/test_conformance.py::test_a_commit_under_an_old_lease_is_fenced",
    ),
    Mutant(
        "queues are read by id, not by number",
        "runtime/fql/store/sqlite/schema.py",
        'ended IS NOT NULL OR due IS NULL, number"""',
        'ended IS NOT NULL OR due IS NULL, id"""',
        "tests/store/test_conformance.py::test_the_order_of_runs_is_their_number_and_not_their_id",
    ),
    Mutant(
        "a restored store does not mark what may be a repetition",
        "runtime/fql/store/sqlite/caring/restore.py",
        '        _mark_possible_repetitions(copy, "fql_run", "works")\n',
        "",
        "tests/operate/test_restore.py::test_the_store_alone_is_restored",
    ),
    Mutant(
        "a session after a restore knows the backup only",
        "runtime/fql/store/sqlite/caring/restore.py",
        "for one in (self.past, self.before) if one is not None]",
        "for one in (self.past,)]",
        "tests/operate/test_restore.py::test_no_id_comes_twice_after_a_restore",
    ),
    Mutant(
        "a session after a restore knows the replaced store only",
        "runtime/fql/store/sqlite/caring/restore.py",
        "for one in (self.past, self.before) if one is not None]",
        "for one in (self.before or self.past,)]",
        "tests/operate/test_restore.py::test_no_id_comes_twice_after_a_restore",
    ),
)

SOURCES = (
    Mutant(
        "a line without a JSON object is dropped",
        "runtime/fql/intake/json_lines.py",
        "    if not isinstance(envelope, dict):\n        return _unreadable",
        "    if envelope is None:\n        return _unreadable",
        "tests/intake/test_json_lines.py::test_bad_line_is_a_problem_with_its_number_and_the_next_one_comes",
    ),
    Mutant(
        "the last line of a file is lost",
        "runtime/fql/intake/json_lines.py",
        "        self.ended = not line\n        if line.strip():",
        '        self.ended = not line\n        if line.endswith(b"\\n") and line.strip():',
        "tests/intake/test_json_lines.py::test_bad_line_is_a_problem_with_its_number_and_the_next_one_comes",
    ),
    Mutant(
        "a file that took the name is not noticed",
        "runtime/fql/intake/sqlite/reader.py",
        "        if inode != self._inode:\n            self._replaced()\n",
        "        if inode is None:\n            self._replaced()\n",
        "tests/histories/test_went_back.py::test_a_backup_restored_below_a_running_engine",
    ),
    Mutant(
        "numbers that went back and on again are taken for done",
        "runtime/fql/intake/sqlite/reader.py",
        "        if seen.below not in (None, below):\n",
        "        if seen.below is not None and seen.below < 0:\n",
        "tests/histories/test_went_back.py::test_a_sequence_that_is_reset",
    ),
)
