"""Faults planted in the sources and what takes them in."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
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
        "numbers that go back are taken for done",
        "runtime/fql/intake/sqlite/reader.py",
        "        if seen.number < self._number:\n            self._floor = 0\n",
        "        if seen.number < self._number:\n",
        "tests/histories/test_went_back.py::test_a_sequence_that_is_reset",
    ),
)
