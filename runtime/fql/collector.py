"""Python's garbage collector, which a compile does better without: it makes many nodes and next to
no garbage, and a collector that looks at all of them again and again makes its time a square."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No collecting within; may be within another one."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def kept_for_good() -> Iterator[None]:
    """The same for what lives as long as the process: it is never looked at afterwards either."""
    with collector_at_rest():
        try:
            yield
        finally:
            gc.freeze()


def end_collector() -> None:
    """For a process that makes its answer and ends."""
    gc.disable()
