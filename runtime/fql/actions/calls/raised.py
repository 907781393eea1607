"""What a function of a `call` may raise to say how its action goes on."""

from __future__ import annotations

from datetime import timedelta


class Retry(Exception):
    """Not now: the attempt failed, and the next one begins after the delay of the retry policy,
    or after `after` (seconds, or a timedelta) where that is later. `retry_after_max` limits it.
    `reason` is what people read. Raises ValueError for a time that is not one."""

    def __init__(self, after: float | timedelta | None = None, reason: str = "") -> None:
        seconds = after.total_seconds() if isinstance(after, timedelta) else after
        if seconds is not None and not 0 <= seconds < float("inf"):
            raise ValueError("`after` must be 0 or more seconds")
        self.after = seconds
        self.reason = reason
        super().__init__(reason or "the function asks for another attempt")


class Permanent(Exception):
    """Never: no other attempt is made, and the action becomes a dead letter of class `permanent`.
    `reason` is what people read there."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(reason or "the function refuses this for good")
