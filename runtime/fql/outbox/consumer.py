"""Who reads an outbox: one store, which is registered in the outbox itself.

Two engines on one outbox would each get some of the events. So the first store that reads it
registers there, and another one is refused, unless the registered one is certainly gone.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from fql.exact.reading import read_object
from fql.exact.writing import json_text

MEMORY = "memory:"


@dataclass(frozen=True, slots=True)
class Reader:
    """A store that reads an outbox: its id, where it is, on which machine, and since when."""

    store: str
    where: str
    host: str = ""
    since: str = ""

    def text(self) -> str:
        """The form that is kept in the outbox."""
        return json_text(asdict(self))

    def shown(self) -> str:
        """In words."""
        on = f" on {self.host}" if self.host else ""
        since = f", since {self.since}" if self.since else ""
        return f"{self.where}{on} (id {self.store[:8]}{since})"


def read_reader(text: str | None) -> Reader | None:
    """The registered store; None where there is none, or none that can be read."""
    try:
        content = read_object(text or "")
        return Reader(*(str(content[name]) for name in ("store", "where", "host", "since")))
    except (ValueError, KeyError, TypeError):
        return None


def this_host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def exists(path: str) -> bool:
    """Whether a store's file is there; one on a server always may be."""
    return "://" in path or Path(path).exists()


def refusal(found: Reader | None, mine: Reader, *, there: Callable[[str], bool] = exists) -> str:
    """Why this store must not read the outbox; empty when it may.

    A registered store is gone when it was in memory, or when it was on this machine and its file
    is no longer there, or is this store's own: that was created again.
    """
    if found is None or found.where == MEMORY:
        return ""
    here = found.host == mine.host
    if found.store == mine.store:
        moved = not here or found.where == mine.where or not there(found.where)
        return (
            "" if moved else f"it is read by the store of which this one is a copy: {found.where}"
        )
    if here and (found.where == mine.where or not there(found.where)):
        return ""
    return f"it is read by another store: {found.shown()}"
