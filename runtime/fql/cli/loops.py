"""The event loop of `fqlc run`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")


def on_fast_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on uvloop where it is installed (extra `uvloop`), else on asyncio's loop."""
    try:
        factory = import_module("uvloop").new_event_loop
    except ImportError:
        factory = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)
