"""What is wrong in a plan, and the way to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Refused(ValueError):
    """A plan that cannot be carried out. `why` says what is wrong, `way` where, from the outside
    in."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.way: list[str] = []

    def __str__(self) -> str:
        return ": ".join([*self.way, self.why])


@contextmanager
def within(step: str) -> Iterator[None]:
    """Put a step before the way of whatever is refused inside."""
    try:
        yield
    except Refused as refused:
        refused.way.insert(0, step)
        raise


def short(value: object) -> str:
    """A value of the plan, quoted and short: it may be of any size."""
    text = ascii(value) if isinstance(value, str) else ascii(value)[:200]
    return text if len(text) <= 60 else f"{text[:57]}..."
