"""What is wrong with a contract: facts for one FQL402."""

from __future__ import annotations

from fqlc.contracts.places import Place


class FaultyContract(Exception):
    """A contract that cannot be used. `said` is a sentence that goes on after the name of the
    file; `place` is where, as far as that is known. Without `fetch`, fetching it again
    does not help."""

    def __init__(
        self, said: str, place: Place | None = None, hint: str = "", *, fetch: bool = True
    ) -> None:
        super().__init__(said)
        self.said = said
        self.place = place or Place()
        self.hint = hint
        self.fetch = fetch
