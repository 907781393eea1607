"""What tests of an application allow the runtimes that they make, besides `[egress]`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ALLOWED_IN_TESTS: ContextVar[tuple[str, ...]] = ContextVar("fql_allowed_in_tests", default=())
"""Entries of an allow list, for runtimes made in this context; the fixture `webhook_server` sets
it. It is empty in every process that is no test."""


@contextmanager
def allowed_in_tests(entries: tuple[str, ...]) -> Iterator[None]:
    """Allow these networks to runtimes that are made within."""
    before = ALLOWED_IN_TESTS.get()
    ALLOWED_IN_TESTS.set((*before, *entries))
    try:
        yield
    finally:
        ALLOWED_IN_TESTS.set(before)  # no token: a fixture may end in another context
