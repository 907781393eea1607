"""Faults planted in the loop of the engine."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "a request goes out before its commit",
        "runtime/fql/engine/loop/cycles.py",
        "        result = step(self.state, inputs, now)\n",
        "        result = step(self.state, inputs, now)\n"
        "        self._senders.send(result.sends.copy())\n"
        "        result.sends.clear()\n",
        "tests/app/life/test_edges.py::test_a_lost_reply_is_settled_by_the_session_row",
    ),
    Mutant(
        "callers are told before the commit",
        "runtime/fql/engine/loop/cycles.py",
        "        self._under_way, self._waiting = self._waiting, Waiting()\n",
        "        self._under_way, self._waiting = self._waiting, Waiting()\n"
        "        self._under_way.resolve()\n",
        "tests/app/emitting/test_emitting.py::test_nobody_is_told_before_the_commit",
    ),
    Mutant(
        "a fenced commit is taken for one that counted",
        "runtime/fql/engine/loop/session.py",
        '        if verdict == "fenced" or counted is None:',
        "        if counted is None:",
        "tests/engine/test_session.py::test_who_slept_past_the_lease_is_fenced",
    ),
    Mutant(
        "a lease is counted from the reply",
        "runtime/fql/engine/loop/session.py",
        "            self._held_at = max(self._held_at, sent)",
        "            self._held_at = self._steady()",
        "tests/engine/test_session.py::test_a_renewal_counts_from_before_it_was_sent",
    ),
    Mutant(
        "an ambiguous commit is taken for one that counted",
        "runtime/fql/engine/loop/session.py",
        '        if verdict == "ambiguous":\n            sent, counted = await self._settled()\n',
        "",
        "tests/simulation/test_rivals.py::test_a_lost_reply_is_settled_however_late_the_statement",
    ),
    Mutant(
        "an engine sends after its lease",
        "runtime/fql/engine/loop/session.py",
        "return self._steady() - self._held_at < lasts * 1000",
        "return True",
        "tests/engine/test_session.py::test_nothing_is_sent_from_two_seconds_before_the_lease_ends",
    ),
)
