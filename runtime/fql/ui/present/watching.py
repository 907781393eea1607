"""Lets the engines say how they are for as long as a page is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from fql.client import Client
from fql.ui.present.now import Now, Watch, now_of

AGAIN = 10_000
"""Milliseconds after which it is asked again."""
UNHEARD = 2_000
"""The same while nothing has been heard."""
LAPSED = 15_000
"""After so many nobody has watched any more."""


@dataclass(slots=True)
class Watching:
    """What was asked of the engines, and when. Where the page is read-only nothing is."""

    allowed: bool = True
    _since: int = 0
    _asked: int = 0
    _taken: bool = True
    _heard: bool = False

    async def look(self, client: Client, wall: int) -> Now:
        """How the engines are. Raises StoreError."""
        if self.allowed:
            await self._ask(client, wall)
        found = now_of(await client.pulses(), Watch(self._since, self._taken), wall)
        self._heard = found.works
        return found

    async def _ask(self, client: Client, wall: int) -> None:
        if wall - self._asked < (AGAIN if self._heard else UNHEARD):
            return
        if not wall - self._asked < LAPSED:
            self._since = wall
        self._asked = wall
        self._taken = await client.watch()
