"""Which part of the work is this engine's: shards of its store, all of them where it is alone.

A shard that is `leaving` goes to another engine once nothing of it is on the wire: until then this
engine still takes work into it, and arms none of it. Decision 0194.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from fql.store.sharing.homes import fair_share, home


class Shards:
    """Those of one engine: `mine` are of `count` that there are. `shared` says that other engines
    may have the rest, and keep the limits of endpoints with this one: `live` is how many engines
    there are, `asked` are endpoints of which this one has asked for slots before."""

    def __init__(
        self,
        count: int = 1,
        mine: Iterable[int] | None = None,
        *,
        shared: bool = False,
        asked: Container[str] = (),
    ) -> None:
        self.count = count
        self.shared = shared
        self.asked = asked
        self.live = 1
        self.mine = frozenset(range(count) if mine is None else mine)
        self.leaving: frozenset[int] = frozenset()
        self._staying = sorted(self.mine)
        self._turn = 0

    def change(self, mine: frozenset[int], leaving: frozenset[int]) -> None:
        """From now on these."""
        self.mine, self.leaving = mine, leaving & mine
        self._staying = sorted(mine - leaving)

    def stays(self, shard: int) -> bool:
        """Whether it is ours, and is not about to leave."""
        return shard in self.mine and shard not in self.leaving

    def home(self, name: str) -> int:
        """The shard of what has this name."""
        return home(name, self.count)

    def own(self, number: int) -> int:
        """The shard of work that belongs to whoever accepted it; `number` spreads it over ours."""
        staying = self._staying
        return staying[number % len(staying)] if staying else self.next()

    def next(self) -> int:
        """Each in turn, whoever has it: for work that can wait."""
        self._turn = (self._turn + 1) % self.count
        return self._turn

    def readable(self) -> frozenset[int] | None:
        """Whose work may be read back; None for all that there is."""
        staying = self._staying
        return None if len(staying) == self.count else frozenset(staying)

    def surplus(self, live: int) -> frozenset[int]:
        """What is more than a fair share among so many engines: the last ones, as the first has
        duties of its own."""
        staying = self._staying
        return frozenset(staying[fair_share(self.count, live) :])
