"""`fqlc compile`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from fql.plan.stored.codec import load_plan
from tests.cli_compiler.conftest import Command


def test_it_writes_a_plan_that_loads(fqlc: Command, shop: Path) -> None:
    done = fqlc("compile", "-o", "plan.json", "shop.fql")
    assert (done.code, done.out) == (0, "")
    assert load_plan(shop / "plan.json").observers[0].name == "order_created"


def test_without_a_file_the_plan_is_the_output(fqlc: Command) -> None:
    assert fqlc("compile", "shop.fql").out.startswith('{"compiler":')


def test_errors_leave_the_old_plan_alone(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "plan.json", "shop.fql")
    before = (shop / "plan.json").read_bytes()
    (shop / "shop.fql").write_text("observer x {")
    done = fqlc("compile", "-o", "plan.json", "shop.fql")
    assert (done.code, done.out) == (1, "")
    assert "FQL102" in done.err
    assert (shop / "plan.json").read_bytes() == before


def test_check_says_when_a_plan_is_stale(fqlc: Command, shop: Path) -> None:
    assert fqlc("compile", "--check", "-o", "plan.json", "shop.fql").code == 1
    fqlc("compile", "-o", "plan.json", "shop.fql")
    assert fqlc("compile", "--check", "-o", "plan.json", "shop.fql").code == 0
    plan = shop / "plan.json"
    plan.write_bytes(plan.read_bytes() + b"\n")
    assert fqlc("compile", "--check", "-o", "plan.json", "shop.fql").code == 1, "other bytes"
    fqlc("compile", "-o", "plan.json", "shop.fql")
    file = shop / "shop.fql"
    file.write_text(file.read_text().replace("100", "200"))
    done = fqlc("compile", "--check", "-o", "plan.json", "shop.fql")
    assert done.code == 1
    assert "stale" in done.err


def test_a_place_that_cannot_be_written(fqlc: Command) -> None:
    done = fqlc("compile", "-o", "no/such/folder/plan.json", "shop.fql")
    assert done.code == 3
    assert "cannot be written" in done.err


def test_check_needs_a_file(fqlc: Command) -> None:
    assert fqlc("compile", "--check", "shop.fql").code == 2


def test_a_link_stays_a_link_and_a_pipe_a_pipe(fqlc: Command, shop: Path) -> None:
    """Only a file is replaced as a whole."""
    (shop / "plans").mkdir()
    (shop / "plan.json").symlink_to("plans/real.json")
    assert fqlc("compile", "-o", "plan.json", ".").code == 0
    assert (shop / "plan.json").is_symlink()
    plan = (shop / "plans" / "real.json").read_bytes()
    os.mkfifo(shop / "pipe")
    reader = subprocess.Popen(["cat", "pipe"], cwd=shop, stdout=subprocess.PIPE)
    assert fqlc("compile", "-o", "pipe", ".").code == 0
    assert reader.communicate(timeout=10)[0] == plan
    assert (shop / "pipe").is_fifo()
