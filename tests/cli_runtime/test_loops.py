"""`fqlc run` takes the fast loop where it is installed."""

from __future__ import annotations

import asyncio
import gc
import sys

import pytest

from fql.cli.running.loops import SELDOM, on_fast_loop


async def name_of_loop() -> str:
    """The module of the loop that runs this."""
    return type(asyncio.get_running_loop()).__module__


def test_uvloop_where_it_is_installed() -> None:
    pytest.importorskip("uvloop", reason="uvloop has no build for this machine")
    assert on_fast_loop(name_of_loop()).startswith("uvloop")


def test_asyncio_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """None in `sys.modules` makes the import fail as a missing package does."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert on_fast_loop(name_of_loop()).startswith("asyncio")


def test_garbage_is_looked_for_seldom_and_afterwards_as_before() -> None:
    """Tests and scripts that call the command in their own process keep their settings."""
    before = gc.get_threshold()

    async def thresholds() -> tuple[int, int, int]:
        return gc.get_threshold()

    assert on_fast_loop(thresholds()) == SELDOM
    assert gc.get_threshold() == before
