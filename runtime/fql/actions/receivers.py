"""What tests of an application allow the runtimes that they make, besides `[egress]`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class AllowedInTests:
    """Entries of an allow list that hold while a test runs, in each of its threads: an application
    under test may make its runtime in any of them. Empty in every process that is not a test."""

    def __init__(self) -> None:
        self._held: list[tuple[str, ...]] = []

    def get(self) -> tuple[str, ...]:
        """What is allowed now."""
        return tuple(entry for held in self._held for entry in held)

    @contextmanager
    def held(self, entries: tuple[str, ...]) -> Iterator[None]:
        """Allow these networks to the runtimes of this process that are made within."""
        self._held.append(entries)
        try:
            yield
        finally:
            self._held.remove(entries)


ALLOWED_IN_TESTS = AllowedInTests()
"""Of this process; the fixture `webhook_server` holds it."""
