"""`--watch`: the same again whenever a file that counts has changed, on a real terminal and in a
pipe."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from fqlc.cli.inputs import inputs
from fqlc.cli.shared import watching
from fqlc.cli.shared.stamps import MISSING, UNKNOWN, seen_by
from fqlc.cli.shared.watching import Round, Watching
from tests.cli_compiler.conftest import SHOP, Command

BROKEN = SHOP.replace("when: total", "when: totl")


def test_what_is_saved_during_a_round_counts_again() -> None:
    """Whether it was known before, or is an import that this round has found."""
    before = {"a.fql": (5, 1, 1), "b.fql": (6, 1, 1)}
    after = {"a.fql": (50, 1, 1), "b.fql": (6, 1, 1), "c.fql": (20, 1, 1), "d.fql": (40, 1, 1)}
    seen = seen_by(30, before, after)
    assert seen == {"a.fql": (5, 1, 1), "b.fql": (6, 1, 1), "c.fql": (20, 1, 1), "d.fql": UNKNOWN}
    assert seen_by(30, {}, {"gone.fql": MISSING}) == {"gone.fql": MISSING}


class Shell:
    """`fqlc` on a real terminal."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "FQLC_NO_CACHE": "1"}
        environment.pop("CI", None)
        self.child = pexpect.spawn(
            sys.executable, ["-m", "fqlc", *arguments], cwd=folder, timeout=60, encoding="utf-8",
            env=environment, dimensions=(24, 100),
        )  # fmt: skip

    def round(self, errors: int, *shown: str) -> None:
        """Wait for the end of a round; what it shows begins on a clean screen."""
        self.child.expect(rf"--- {errors} errors?, \d\d:\d\d:\d\d")
        assert "\x1b[2J" in self.child.before
        for text in shown:
            assert text in self.child.before

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.child.sendintr()
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert "Traceback" not in self.child.before
        return int(self.child.exitstatus or 0)


def test_a_terminal_shows_the_last_round(shop: Path) -> None:
    """Saved as editors do, broken, deleted, mended; then its settings break."""
    shell = Shell(shop, "check", "--watch")
    try:
        shell.round(0, "nothing is wrong")
        (shop / "shop.fql.tmp").write_text(BROKEN)
        (shop / "shop.fql.tmp").rename(shop / "shop.fql")
        shell.round(1, "error[FQL201]", "shop.fql:5:9")
        (shop / "shop.fql").unlink()
        shell.round(1, "there are no .fql files")
        (shop / "shop.fql").write_text(SHOP)
        shell.round(0)
        (shop / "fql.toml").write_text("[stor]\n")
        shell.round(1, "fql.toml:1: unknown table [stor]")
    finally:
        code = shell.interrupt()
    assert code == 130


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Changes need no moment to settle."""
    monkeypatch.setattr(watching, "QUIET", 0.0)
    yield


def saved(file: Path, text: str) -> None:
    """Write a file so that its stamp is another one, however coarse the clock of its times is."""
    file.write_text(text)
    os.utime(file, ns=(time.time_ns() - 10**12, time.time_ns() - 10**12))


@pytest.mark.usefixtures("quick")
def test_a_round_for_each_change_and_none_without(shop: Path) -> None:
    """Imports, new files, files that are missing, and the settings count."""
    (shop / "shop.fql").write_text('import "limits.fql"\n' + SHOP.replace("> 100", "> limit"))
    rounds: list[Round] = []

    def once() -> Round:
        found = inputs(["shop.fql"], None, again=True).compile()
        rounds.append(Round.of(found))
        return rounds[-1]

    looking = Watching(["shop.fql"], None, once)

    def errors() -> list[int]:
        looking.look()
        looking.look()
        return [one.errors for one in rounds]

    assert errors() == [1], "the import is missing"
    saved(shop / "limits.fql", "let limit = 111\n")
    assert errors() == [1, 0]
    saved(shop / "limits.fql", "let limit = oops\n")
    assert errors() == [1, 0, 1]
    saved(shop / "limits.fql", "let limit = 222\n")
    assert errors() == [1, 0, 1, 0]
    saved(shop / "fql.toml", "")
    assert errors() == [1, 0, 1, 0, 0], "settings that appear count"


def test_the_last_good_plan_stays(
    shop: Path, fqlc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON has a line for each round, and standard output holds nothing else."""
    looks = iter((SHOP, BROKEN, SHOP.replace("100", "300")))

    def change(seconds: float) -> None:
        if seconds == watching.PAUSE:
            text = next(looks, None)
            if text is None:
                raise KeyboardInterrupt
            saved(shop / "shop.fql", text)
            kept.append((shop / "plan.json").read_bytes())

    kept: list[bytes] = []
    monkeypatch.setattr("fqlc.cli.shared.watching.time.sleep", change)
    done = fqlc("compile", "--watch", "--format", "json", "-o", "plan.json", "shop.fql")
    assert done.code == 130
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line for line in lines if "round" in line] == [
        {"round": 1, "files": 1, "errors": 0},
        {"round": 2, "files": 1, "errors": 0},
        {"round": 3, "files": 1, "errors": 1},
        {"round": 4, "files": 1, "errors": 0},
    ]
    assert [line["code"] for line in lines if "code" in line] == ["FQL201"]
    assert kept[0] == kept[1] == kept[2]
    assert (shop / "plan.json").read_bytes() != kept[2]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("command", [("graph", "-o", "a.svg"), ("test",), ("check",)])
def test_other_commands_watch_too(
    shop: Path, fqlc: Command, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def end(seconds: float) -> None:
        if seconds == watching.PAUSE:
            raise KeyboardInterrupt

    monkeypatch.setattr("fqlc.cli.shared.watching.time.sleep", end)
    done = fqlc(*command, "--watch", "shop.fql")
    assert done.code == 130
    assert "---" in done.out


@pytest.mark.usefixtures("quick")
def test_rounds_leave_no_memory_behind(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FQLC_NO_CACHE", "1")

    def once() -> Round:
        return Round.of(inputs(["shop.fql"], None, again=True).compile())

    looking = Watching(["shop.fql"], None, once)

    def rounds(first: int, last: int) -> int:
        for number in range(first, last):
            saved(shop / "shop.fql", SHOP.replace("100", str(number)))
            looking.look()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    rounds(0, 3)
    tracemalloc.start()
    try:
        before = rounds(1_000, 1_004)
        after = rounds(2_000, 2_012)
    finally:
        tracemalloc.stop()
    assert looking.rounds == 19
    assert after - before < 100_000
