"""The one way from a view to the store. Each part of a view asks by itself, and fails by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from fql.client import Client
from fql.errors import StoreSlow

T = TypeVar("T")


@dataclass(slots=True)
class Asking:
    """The questions of one view. `program` is one that gets all it asked for or an error; `missing`
    names the parts that were not found in time, and `narrow` says what helps where the list is one
    of them that the view is about."""

    _client: Client
    program: bool = False
    missing: list[str] = field(default_factory=list)
    narrow: str = ""

    async def part(self, name: str, question: Callable[[Client], Awaitable[T]], otherwise: T) -> T:
        """The answer, or `otherwise` where that takes longer than a view waits: the view says so,
        beside all that was found. Raises StoreSlow for a program, StoreError."""
        try:
            return await question(self._client)
        except StoreSlow:
            if self.program:
                raise
            self.missing.append(name)
            return otherwise

    async def some(self, name: str, question: Callable[[Client], Awaitable[list[T]]]) -> list[T]:
        """The same of a list: otherwise it is empty."""
        nothing: list[T] = []
        return await self.part(name, question, nothing)

    async def main(self, name: str, question: Callable[[Client], Awaitable[list[T]]]) -> list[T]:
        """The list that a view is about: without it there is its filter, and how to narrow it.
        Raises StoreSlow for a program, StoreError."""
        try:
            return await question(self._client)
        except StoreSlow as problem:
            if self.program:
                raise
            self.missing.append(name)
            self.narrow = problem.hint
            return []

    async def needed(self, question: Callable[[Client], Awaitable[T]]) -> T:
        """What there is nothing to show without. Raises StoreSlow, StoreError."""
        return await question(self._client)
