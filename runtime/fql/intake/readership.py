"""Whether this store may read an outbox: one store does at a time, and is registered there."""

from __future__ import annotations

import time
from collections.abc import Callable

from fql.intake.port import Consumer
from fql.intake.voice import Voice
from fql.outbox import consumer as readers

HAND_OVER = "use that store, or hand the outbox over: `fqlc capture release`"


def reader_of(consumer: Consumer) -> readers.Reader:
    """This store as it is registered, on this machine and from today on."""
    host, today = readers.this_host(), time.strftime("%Y-%m-%d")
    return readers.Reader(consumer.store, consumer.where, host, today)


def may_read(
    registered: str | None,
    mine: readers.Reader,
    register: Callable[[str, str | None], bool],
    voice: Voice,
) -> bool:
    """Whether the outbox, whose registered reader is `registered`, may be read by this store.
    Registers it with `register`, which is False where somebody else was quicker; `voice` tells
    what is wrong."""
    found = readers.read_reader(registered)
    if found is None or (found.store, found.where) != (mine.store, mine.where):
        reason = readers.refusal(found, mine)
        if not reason and not register(mine.text(), registered):
            reason = "another store has just registered"
        if reason:
            voice.trouble("reader", reason, HAND_OVER)
            return False
        if found is not None:
            voice.warn(f"the outbox was read by {found.shown()}; now by this store")
    voice.mended("reader", "the outbox is read by this store again")
    return True
