"""How a command asks another process of ours on this machine, and which engines there are, in
words.

By `http.client`: all that is asked is a page of this machine, and httpx takes longer to import than
most commands take.
"""

from __future__ import annotations

from typing import NamedTuple

from fql.store.sharing.holding import Holding
from fql.terminal.words import counted

PATIENCE = 5.0
"""Seconds that it may take to answer."""
LONGEST = 100_000_000
"""Bytes of an answer that are read."""


class Answer(NamedTuple):
    """What was answered."""

    status: int
    text: str

    @property
    def is_success(self) -> bool:
        """Whether the status says so."""
        return 200 <= self.status < 300


def ask(url: str, bearer: str | None = None) -> Answer | None:
    """What it answers at `url`, or None where nobody does. With a `bearer` token something is
    asked for, by POST. No proxy of the environment comes between."""
    from http.client import HTTPConnection, HTTPException

    address, _, page = url.removeprefix("http://").partition("/")
    connection = HTTPConnection(address, timeout=PATIENCE)
    headers = {} if bearer is None else {"authorization": f"Bearer {bearer}"}
    try:
        connection.request("GET" if bearer is None else "POST", f"/{page}", headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(LONGEST).decode("utf-8", "replace"))
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def shards_words(one: Holding) -> str:
    """Which engine has how much of a store that several may use."""
    what = counted(len(one.shards), "shard") if one.shared else "all of the store"
    over = "" if one.left > 0 else "; its lease is over, so the others take them"
    return f"{one.holder} (session {one.session}) has {what}{over}"
