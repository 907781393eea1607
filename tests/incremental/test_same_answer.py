"""A compile in parts says what a whole compile says: the same bytes, the same words."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fqlc.checks.model import Surroundings
from fqlc.incremental.answer import answer
from fqlc.incremental.compile import Assembled, Request, compile_parts
from fqlc.incremental.job import Job
from fqlc.incremental.kept import Kept, pack, unpack
from fqlc.incremental.layout import lay_out
from fqlc.incremental.pool import run as run_in_processes
from fqlc.incremental.result import Answer
from fqlc.pipeline import compile_project
from tests.faults.corpus import MAIN, Fault, faults
from tests.incremental.projects import MOST_STEPS, Story

Files = Mapping[str, bytes]


def run_here(jobs: Sequence[Job]) -> list[Answer | None]:
    """Every job in this process, one after the other."""
    return [answer(job) for job in jobs]


def in_parts(
    files: Files,
    roots: Sequence[str],
    known: Kept | None = None,
    *,
    jobs: int = 1,
    with_plan: bool = True,
) -> Assembled | None:
    """A compile in parts; what is known goes through bytes, as a cache keeps it."""
    layout = lay_out(roots, files.get, "salt", unpack(pack(known or Kept())))
    if layout is None:
        return None
    request = Request(tuple(roots), Surroundings(), with_plan, most=jobs, least=1)
    return compile_parts(layout, request, run_here)


def assert_same(
    done: Assembled, files: Files, roots: Sequence[str], *, with_plan: bool = True
) -> None:
    """Plan and diagnostics are those of the whole compile."""
    whole = compile_project(roots, files.get)
    assert done.compilation.diagnostics == whole.diagnostics
    assert done.compilation.plan == (whole.plan if with_plan else None)
    assert dict(done.compilation.sources) == dict(whole.sources)


def assert_laid_out_as_from_cold(files: Files, known: Kept) -> None:
    """What an earlier compile left changes nothing about who leans on whom."""
    cold = lay_out(["main.fql"], files.get, "salt")
    warm = lay_out(["main.fql"], files.get, "salt", known)
    assert (warm is None) == (cold is None)
    if warm is not None and cold is not None:
        assert [(u, tuple(n)) for u, n in zip(warm.units, warm.names, strict=True)] == [
            (u, tuple(n)) for u, n in zip(cold.units, cold.names, strict=True)
        ]
        assert list(warm.keys) == list(cold.keys)
        assert list(warm.reach) == list(cold.reach)


@pytest.mark.parametrize(
    "seed", [*range(20), *(pytest.param(n, marks=pytest.mark.soak) for n in range(20, 1_000))]
)
def test_a_project_that_changes(seed: int) -> None:
    """After each edit, with what the edits before left known."""
    story = Story(random.Random(seed))
    known = Kept()
    for step in range(MOST_STEPS):
        files = story.files()
        assert_laid_out_as_from_cold(files, known)
        with_plan = step % 4 != 2  # sometimes only a check
        done = in_parts(files, ["main.fql"], known, jobs=1 + step % 3, with_plan=with_plan)
        if done is not None:
            assert_same(done, files, ["main.fql"], with_plan=with_plan)
            known = done.kept
        elif story.is_plain:
            found = compile_project(["main.fql"], files.get).diagnostics
            assert any(d.severity == "error" for d in found)
        story.edit()


def test_most_of_such_projects_are_compiled_in_parts() -> None:
    """Or the test above would show little: sound ones, with warnings of every kind."""
    seen: Counter[str] = Counter()
    for seed in range(30):
        story = Story(random.Random(seed))
        for _ in range(MOST_STEPS):
            story.edit()
            done = in_parts(story.files(), ["main.fql"])
            codes = {d.code for d in done.compilation.diagnostics} if done else {"error"}
            seen.update(codes or {"sound"})
            story.edit()
    assert seen["sound"] > 20
    assert {"FQL207", "FQL208", "FQL306", "FQL332", "FQL341", "FQL351", "FQL371"} <= seen.keys()
    assert seen["error"] < 250


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_faulty_programs_are_left_to_the_whole_compile(fault: Fault) -> None:
    done = in_parts({MAIN: fault.bytes_of(MAIN) or b""} | _others(fault), [MAIN])
    whole = compile_project([MAIN], fault.bytes_of)
    assert done is None or done.compilation.diagnostics == whole.diagnostics
    assert done is not None or any(d.severity == "error" for d in whole.diagnostics)


def _others(fault: Fault) -> dict[str, bytes]:
    paths = {path for path in compile_project([MAIN], fault.bytes_of).sources if path != MAIN}
    return {path: fault.bytes_of(path) or b"" for path in paths}


ALONE = [
    one for one in sorted(Path("examples").glob("*/*.fql")) if "contract:" not in one.read_text()
]
"""Without those of `tests/contracts/test_compiles.py`, which need more files than sources."""


@pytest.mark.parametrize("file", ALONE, ids=str)
def test_examples(file: Path) -> None:
    files = {file.as_posix(): file.read_bytes()}
    done = in_parts(files, list(files), jobs=3)
    assert done is not None
    assert_same(done, files, list(files))
    again = in_parts(files, list(files), done.kept)
    assert again is not None
    assert again.worked_out == 0
    assert_same(again, files, list(files))


def test_other_processes_give_the_same() -> None:
    files = Story(random.Random(1)).files()
    layout = lay_out(["main.fql"], files.get, "")
    assert layout is not None
    request = Request(("main.fql",), Surroundings(), with_plan=True, most=3, least=1)
    done = compile_parts(layout, request, run_in_processes)
    assert done is not None
    assert_same(done, files, ["main.fql"])


def test_an_error_in_one_of_several_processes_ends_all() -> None:
    story = Story(random.Random(1))
    files = {**story.files(), "z.fql": b"observer last { on: Nothing.update }\n"}
    roots = ("main.fql", "z.fql")
    layout = lay_out(roots, files.get, "")
    assert layout is not None
    request = Request(roots, Surroundings(), with_plan=True, most=3, least=1)
    assert compile_parts(layout, request, run_in_processes) is None
