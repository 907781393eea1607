"""Who wants to know how a compile goes on."""

from __future__ import annotations


class Follower:
    """Nobody does. A command tells a person, by a class of its own."""

    def read(self, path: str) -> None:
        """A file is read."""

    def passed(self, name: str) -> None:
        """A pass has ended."""

    def close(self) -> None:
        """There is an answer, or none will come."""
