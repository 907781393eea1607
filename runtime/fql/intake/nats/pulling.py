"""One stay at a consumer: messages are asked for, taken and acknowledged, until the connection is
lost or the consumer is gone. What is open then comes again.

A pull asks for as many messages as there is room for; it ends when they have come, or after a
while. The server confirms each acknowledgement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from fql.intake.nats.messages import Delivered, delivered
from fql.nats.link import Heard, Link

ROOM = 1_000
"""Messages that are held at once."""
PULL_S = 5.0
"""How long a pull waits at the server."""
PATIENCE_S = 2 * PULL_S
"""A pull that has not ended by then was lost."""
ENDED = frozenset({"404", "408"})
"""A pull has ended without more messages."""


class Stay:
    """At the consumer `name` of `stream`. `taken` is told of each delivery, `confirmed` of each
    number whose acknowledgement the server has. `stirred` is set when there may be something to do,
    `doubtful` when the server has said that something about the consumer has changed."""

    def __init__(
        self,
        link: Link,
        stream: str,
        name: str,
        taken: Callable[[Delivered], None],
        confirmed: Callable[[int], None],
    ) -> None:
        self._link = link
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"
        self._inbox = link.new_inbox()
        self._taken = taken
        self._confirmed = confirmed
        self._wanted = 0
        self._asked_at = 0.0
        self._round = 0
        self._ends: list[Callable[[], Awaitable[None]]] = []
        self.lost = link.lost
        self.doubtful = False
        self.stirred = asyncio.Event()

    async def begin(self) -> None:
        """Listen for messages and for confirmations. Raises NatsUnreachable."""
        self._ends.append(await self._link.listen(f"{self._inbox}.m.*", self._on_message))
        self._ends.append(await self._link.listen(f"{self._inbox}.a.*", self._on_confirmation))

    async def end(self) -> None:
        """Listen no more."""
        for end in self._ends:
            await end()

    async def pull(self, held: int) -> None:
        """Ask for more where there is room and nothing is asked for; `held` are open. Raises
        NatsUnreachable."""
        now = asyncio.get_running_loop().time()
        room = ROOM - held
        if (self._wanted and now - self._asked_at < PATIENCE_S) or room < ROOM // 2:
            return
        self._round += 1
        self._wanted, self._asked_at = room, now
        asked = b'{"batch":%d,"expires":%d}' % (room, int(PULL_S * 1e9))
        await self._link.write(self._next, asked, f"{self._inbox}.m.{self._round}")

    async def wait(self, seconds: float) -> None:
        """Until there may be something to do, the connection is lost, or the time is over."""
        stirred = asyncio.ensure_future(self._stirring())
        await asyncio.wait(
            {stirred, self.lost}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        stirred.cancel()
        self.stirred.clear()

    async def _stirring(self) -> None:
        await self.stirred.wait()

    async def acknowledge(self, messages: Sequence[Delivered]) -> None:
        """Tell the server that these are done. Raises NatsUnreachable."""
        for one in messages:
            await self._link.write(one.reply, b"+ACK", f"{self._inbox}.a.{one.sequence}")

    async def give_back(self, messages: Sequence[Delivered]) -> None:
        """Let the server deliver these again at once, to whomever. Raises NatsUnreachable."""
        for one in messages:
            await self._link.write(one.reply, b"-NAK", "")

    def _on_message(self, heard: Heard) -> None:
        found = delivered(heard.reply, heard.subject, heard.headers, heard.body)
        if found is not None:
            self._wanted = max(0, self._wanted - 1)
            self._taken(found)
        elif heard.subject == f"{self._inbox}.m.{self._round}":
            self._wanted = 0
            self.doubtful = self.doubtful or heard.status not in ENDED
        if not self._wanted:
            self.stirred.set()

    def _on_confirmation(self, heard: Heard) -> None:
        number = heard.subject.rpartition(".")[2]
        if number.isdecimal() and not heard.status:
            self._confirmed(int(number))
