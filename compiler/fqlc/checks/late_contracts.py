"""The contracts of a compile, before it is known whether any declaration has one. What reads and
judges them is imported where one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fqlc.contracts.library import Contracts, Shelf


class LateContracts:
    """The contracts of a compile. `read` gives the bytes of a file of the project, or None; what is
    found out about a contract is put on the `shelf`."""

    def __init__(self, read: Callable[[str], bytes | None], shelf: Shelf | None = None) -> None:
        self._read = read
        self._shelf = shelf
        self._made: Contracts | None = None

    def opened(self) -> Contracts:
        """The contracts, for a declaration that has one."""
        if self._made is None:
            from fqlc.contracts.library import Contracts

            self._made = Contracts(self._read, self._shelf)
        return self._made

    def keep(self) -> None:
        """Put on the shelf what is new."""
        if self._made is not None:
            self._made.keep()
