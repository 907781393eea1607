"""A delivery takes so many calls and no more: what was saved on the hot path stays saved.

Calls are counted and not timed, so the numbers are the same on a busy machine. Whoever needs more
of them says so here, and in `docs/performance.md` what they cost.
"""

from __future__ import annotations

from tests.benchmarks import inside

MOST_OURS = 215
"""Calls of the product's own Python functions for one delivery: event, condition, body, signature,
two commits, request, answer."""
MOST_NATIVE = 215
"""Calls of functions that are written in C, on asyncio's own loop."""


def test_a_delivery_takes_few_calls() -> None:
    count = 500
    counter = inside.calls(count)
    assert counter.ours() / count <= MOST_OURS
    assert counter.native.total() / count <= MOST_NATIVE
