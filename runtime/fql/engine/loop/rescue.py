"""Outcomes that must survive a failed commit: what they tell has happened at the receiver."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from fql.engine.core.held.inputs import Performed
from fql.engine.core.held.runs import Work


class Rescue:
    """Outcomes that a state loaded again may take up only some steps later."""

    def __init__(self) -> None:
        self._kept: list[Performed] = []

    @property
    def kept(self) -> Sequence[Performed]:
        """Those that no commit has taken in yet."""
        return self._kept

    def keep_late(self, outcomes: Sequence[Performed], in_flight: Container[Work]) -> None:
        """Keep those of work that the state does not know as under way."""
        for one in outcomes:
            if one.work not in in_flight:
                self._keep(one)

    def keep_all(self, outcomes: Sequence[Performed]) -> None:
        """Keep all of them: their commit has failed."""
        for one in outcomes:
            self._keep(one)

    def _keep(self, one: Performed) -> None:
        if not any(kept is one for kept in self._kept):
            self._kept.append(one)

    def drop(self, one: Performed) -> None:
        """This one cannot be taken in."""
        self._kept = [kept for kept in self._kept if kept is not one]

    def forget(self, late: Mapping[int, Sequence[Performed]]) -> None:
        """A commit has taken them in: they are stored, or of no use any more, as where another
        engine has their run now. Only those in `late` still wait for their run to be read."""
        if self._kept:
            waiting = {id(one) for each in late.values() for one in each}
            self._kept = [one for one in self._kept if id(one) in waiting]
