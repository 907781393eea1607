"""Change files in every small way, one way at a time, and say which changes no test finds.

    python -m tests.mutants.search runtime/fql/engine/core/retry.py ... tests/engine ... > out.txt
    python -m tests.mutants.search --again=out.txt runtime/... tests/simulation ...

Tests are collected once. A child of this process runs all of them and notes which lines of the
files each one runs, and how long it takes. Then each change is tried in a child of its own, by
only those tests that run its lines: what has found changes before and what is quick goes first,
and the first test that fails ends it. So wide tests cost time only where narrow ones find nothing.
With `--again`, of files that an earlier search has looked at only what it names is tried;
`--most=2` ends the tests of a change after two seconds, so that what is left may be tried with all.

To be used by hand: what survives is killed by a test, or explained in `docs/proof.md`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import resource
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, settings

from tests.mutants.changing import Change, changes_of
from tests.mutants.mutant import ROOT

PLAIN = ("-q", "-s", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist")
MEMORY = 4 << 30
"""Bytes for a child: a change can make a loop that never ends, and keeps what it makes."""
PATIENCE = (2, 3)
"""Seconds of CPU for a test, and besides these so many times what it took before."""
WALL = 3600
"""Seconds of a clock for a child: one that waits for ever uses no CPU."""

Place = tuple[str, int]
"""A file and a line of it."""


class Ran(NamedTuple):
    """What one test did when nothing was changed."""

    places: frozenset[Place]
    seconds: float
    passed: bool


class Search:
    """A plugin that makes of a session of tests a search of `files`."""

    def __init__(self, files: Sequence[Path], again: str, most: float) -> None:
        self.files = files
        self.again = again
        self.most = most
        self.names = frozenset(map(str, files))
        self.failed = False
        self.found: Counter[str] = Counter()
        self.survivors: list[str] = []
        self.total = 0

    def pytest_sessionstart(self) -> None:
        """A change that is found is found: nobody wants a smaller example of it."""
        settings.register_profile(
            "searched", settings.get_profile("seeded"), phases=[Phase.explicit, Phase.generate]
        )
        settings.load_profile("searched")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("not all tests could be collected")
        self._search(session.items)
        return True

    def _search(self, items: Sequence[pytest.Item]) -> None:
        self.ran = self._all_ran(items)
        for item in items:
            if not self.ran[item.nodeid].passed:
                print(f"fails without a change, left out: {item.nodeid}", flush=True)
        sound = [item for item in items if self.ran[item.nodeid].passed]
        functions = _functions(self.names)
        gc.collect()
        gc.freeze()  # else each child copies nearly all pages, to look for garbage in them
        for path in self.files:
            before, left = self.total, len(self.survivors)
            for change in changes_of(path):
                if not self._was_found(change):
                    self.total += 1
                    self._try(change, sound, functions)
            made, left = self.total - before, len(self.survivors) - left
            print(f"{path.relative_to(ROOT)}: {made} changes, {left} survive", flush=True)

    def _was_found(self, change: Change) -> bool:
        """Whether an earlier search has looked at its file, and does not name it."""
        told = change.told(ROOT)
        return told.partition(":")[0] in self.again and f"{told} (" not in self.again

    def _try(
        self, change: Change, items: Sequence[pytest.Item], functions: Sequence[FunctionType]
    ) -> None:
        meeting = self._meeting(change, items)
        if not meeting:
            self._tell(change, "no test runs it")
            return
        found = _in_child(lambda: self._first_that_fails(change, meeting, functions))
        if found == "":
            self._tell(change, f"survives {len(meeting)} tests")
        elif found is not None:
            self.found[str(found)] += 1

    def _meeting(self, change: Change, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """The tests that run its lines, in the order in which they are tried."""
        places = {(str(change.path), line) for line in change.lines}
        meeting = [item for item in items if self.ran[item.nodeid].places & places]
        meeting.sort(key=lambda one: self._seconds(one) / (1 + 10 * self.found[one.nodeid]))
        spent = accumulate(self._seconds(one) for one in meeting)
        return [one for one, until in zip(meeting, spent, strict=True) if until <= self.most]

    def _seconds(self, item: pytest.Item) -> float:
        return self.ran[item.nodeid].seconds

    def _tell(self, change: Change, words: str) -> None:
        self.survivors.append(change.told(ROOT))
        print(f"{change.told(ROOT)} ({words})", flush=True)

    def _first_that_fails(
        self, change: Change, items: Sequence[pytest.Item], functions: Sequence[FunctionType]
    ) -> str:
        _plant(change.code, functions)
        for item, following in zip(items, [*items[1:], None], strict=True):
            more = PATIENCE[0] + PATIENCE[1] * self._seconds(item)
            until = int(time.process_time() + more) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
            if not self._passes(item, following):
                return item.nodeid
        return ""

    def _passes(self, item: pytest.Item, following: pytest.Item | None) -> bool:
        self.failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return not self.failed

    def _all_ran(self, items: Sequence[pytest.Item]) -> dict[str, Ran]:
        ran = _in_child(lambda: self._noted(items))
        assert isinstance(ran, dict), "the tests do not run to their end"
        return ran

    def _noted(self, items: Sequence[pytest.Item]) -> dict[str, Ran]:
        made: dict[str, Ran] = {}
        for item, following in zip(items, [*items[1:], None], strict=True):
            places: set[Place] = set()
            began = time.process_time()
            with _traced(self.names, places):
                passed = self._passes(item, following)
            made[item.nodeid] = Ran(frozenset(places), time.process_time() - began, passed)
        return made


@contextlib.contextmanager
def _traced(names: frozenset[str], places: set[Place]) -> Iterator[None]:
    """Note the lines of some files that run meanwhile, on any thread."""

    def line(frame: FrameType, event: str, argument: object) -> Any:
        places.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    def call(frame: FrameType, event: str, argument: object) -> Any:
        return line if frame.f_code.co_filename in names else None

    threading.settrace(call)
    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(None)
        threading.settrace(None)


def _functions(names: frozenset[str]) -> list[FunctionType]:
    """All functions of some files that are in memory, wherever they are kept."""
    known = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
    return [one for one in known if one.__code__.co_filename in names]


def _plant(module: CodeType, functions: Sequence[FunctionType]) -> None:
    """Whoever has imported a function has the object; what it does is exchanged."""
    codes = {(one.co_qualname, one.co_firstlineno): one for one in _codes(module)}
    for function in functions:
        if function.__code__.co_filename == module.co_filename:
            code = function.__code__
            function.__code__ = codes[code.co_qualname, code.co_firstlineno]


def _codes(code: CodeType) -> Iterable[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _in_child(task: Callable[[], object]) -> object:
    """What a task gives when it is done in a child of this process; None where that does not come
    to its end in time."""
    with tempfile.TemporaryFile() as answer:
        child = os.fork()
        if not child:
            _answer(task, answer.fileno())
        if not _ends(child):
            return None
        answer.seek(0)
        return pickle.load(answer)


def _answer(task: Callable[[], object], place: int) -> None:
    os.setpgrp()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        os.write(place, pickle.dumps(task()))
    finally:
        os._exit(0)


def _ends(child: int) -> bool:
    """Whether it ended as it should; what it started ends with it in any case."""
    until = time.monotonic() + WALL
    ended, code = 0, 0
    while not ended and time.monotonic() < until:
        ended, code = os.waitpid(child, os.WNOHANG)
        time.sleep(0 if ended else 0.005)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not ended:
        os.waitpid(child, 0)
    return bool(ended) and os.waitstatus_to_exitcode(code) == 0


def main(*arguments: str) -> None:
    """Try every change of the files given, with the tests given."""
    options = dict(one[2:].split("=", 1) for one in arguments if one.startswith("--"))
    again = Path(options["again"]).read_text(encoding="utf-8") if "again" in options else ""
    tests = [one for one in arguments if one.startswith("tests/")]
    files = [one for one in arguments if not one.startswith(("tests/", "--"))]
    search = Search(
        [(ROOT / one).resolve() for one in files], again, float(options.get("most", "inf"))
    )
    pytest.main([*PLAIN, *tests], plugins=[search])


if __name__ == "__main__":
    main(*sys.argv[1:])
