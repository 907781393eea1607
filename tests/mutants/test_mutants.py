"""Every planted fault has its place and its test; `make soak` plants each and runs the test."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.planting import Copy
from tests.mutants.tables import ROOMS

ALL = [mutant for mutants in ROOMS.values() for mutant in mutants]


def test_each_fault_has_one_place_and_a_test() -> None:
    """Whoever changes the text of a place changes it in `tables` as well."""
    misplaced = [one.name for one in ALL if one.count != 1]
    assert misplaced == [], "the text to be replaced is not there exactly once"
    assert [one.name for one in ALL if not one.is_found()] == [], "there is no such test"
    assert [one.name for one in ALL if one.old == one.new] == []


def test_no_fault_is_there_twice_and_no_room_is_forgotten() -> None:
    assert [name for name, count in Counter(one.name for one in ALL).items() if count > 1] == []
    assert len(ALL) >= 60
    assert all(len(mutants) > 3 for mutants in ROOMS.values())


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    yield Copy(tmp_path_factory.mktemp("planted"))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mutant", ALL, ids=lambda one: one.name)
def test_a_planted_fault_is_found(copy: Copy, mutant: Mutant) -> None:
    assert copy.fails(mutant.test) == "", "it fails without the fault"
    with copy.planted(mutant):
        assert copy.fails(mutant.test) != "", "nothing finds it"


def test_the_search_says_what_one_test_does_not_find() -> None:
    """It finds what is wrong at the end of attempts, in a file that it runs but half of."""
    test = "tests/engine/test_retry.py::test_the_last_attempt_exhausts"
    command = [sys.executable, "-m", "tests.mutants.search", "runtime/fql/engine/core/retry.py"]
    done = subprocess.run(
        [*command, test], cwd=ROOT, timeout=120, capture_output=True, text=True, check=True
    )
    assert "comparison: outcome.failure in FINAL_FAILURES" in done.stdout
    assert "(no test runs it)" in done.stdout
    assert "failed >= policy.max_attempts ->" not in done.stdout
    assert re.search(r"retry.py: \d\d changes, \d+ survive", done.stdout)
