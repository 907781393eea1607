"""A delivery takes so many calls and no more: what was saved on the hot path stays saved.

Calls are counted and not timed, so the numbers are the same on a busy machine. Whoever needs more
of them says so here, and in `docs/performance.md` what they cost.
"""

from __future__ import annotations

import pytest

from tests.benchmarks import inside

MOST = 252
"""Calls of the product's own Python functions for one delivery: event, condition, body, signature,
two commits, request, answer. 249 on a quiet machine; on a busy one a commit holds fewer of them."""


def test_a_delivery_takes_few_calls(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", "fql")  # as in an application, whatever commands ran here before
    count = 500
    assert inside.calls(count).ours() / count <= MOST
