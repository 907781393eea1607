"""Why a commit did not count."""

from __future__ import annotations

from fql.errors import StoreError

LOST = "the commit to the store is fenced: this engine lost its lease"


class FencedError(StoreError):
    """Another engine took the store over, or the store went back to an earlier state: the commit
    did not count, and what this engine knows is not what is stored."""

    def __init__(self, message: str = LOST) -> None:
        super().__init__(message)


class StaleError(StoreError):
    """Another plan is active on the store by now: the commit did not count."""

    def __init__(self) -> None:
        super().__init__("another plan is active on the store now")


class ConflictError(StoreError):
    """Another engine accepted the same key just now: the commit did not count."""

    def __init__(self) -> None:
        super().__init__("another engine accepted the same key at the same time")
