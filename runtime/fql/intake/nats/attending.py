"""Stream and consumer of a source, looked after: made, mended, made again, and what is wrong with
them is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from fql.errors import SettingsError
from fql.exact.kinds import as_object
from fql.exact.writing import write_json
from fql.intake.nats import consumer
from fql.intake.nats.consumer import Progress, Stream
from fql.intake.voice import Voice
from fql.nats.connection import NatsConnection
from fql.nats.errors import NoStream
from fql.nats.versions import require_version

ANSWER_S = 5.0
"""How long JetStream may take for an answer."""


@dataclass(slots=True)
class Attendant:
    """Looks after the consumer `name` of `stream`, which reads `subjects`, or all.

    `safe` is the number up to which everything is acknowledged, as far as is known. `whole` says
    that nothing is under way which was delivered before this process began.
    """

    connection: NatsConnection
    stream: str
    subjects: tuple[str, ...]
    name: str
    voice: Voice
    progress: Progress | None = None
    whole: bool = False
    recalled: asyncio.Event = field(default_factory=asyncio.Event)
    _safe: dict[str, int] = field(default_factory=dict)
    _found: Stream | None = None
    _before: int = 0
    _first: int = 0
    _told: tuple[str, ...] = ()

    @property
    def safe(self) -> int:
        """The number at which a consumer that is made again may begin, less one."""
        return self._safe.get(self._found.incarnation, 0) if self._found else 0

    @property
    def former(self) -> tuple[str, ...]:
        """Incarnations of streams of this name before the one that is there."""
        now = self._found
        if now is None:
            return ()
        return tuple(one for one in self._safe if one != now.incarnation and now.follows(one))

    def recall(self, numbers: Mapping[str, int]) -> None:
        """What the store knows of it, by incarnation."""
        self._safe = {**numbers, **self._safe}
        self.recalled.set()

    async def ensure(self) -> Stream:
        """The stream, with our consumer as it must be. Raises NatsError, and SettingsError for one
        that cannot be used."""
        await self.recalled.wait()
        require_version(await self.connection.link(ANSWER_S), consumer.OLDEST, "a source")
        found = await self._stream()
        if self._found is not None and self._found.incarnation != found.incarnation:
            self.voice.restored(
                f"the stream {self.stream} was made again: its messages are new ones"
            )
            self.whole, self.progress = False, None
        self._found = found
        answer = await self._consumer() or await self._made(found)
        await self._mend(answer)
        self._note(answer, found, first=True)
        return found

    async def look(self) -> Stream:
        """Stream and consumer as they are now, in this order: what is delivered and removed between
        the answers is then known as delivered. Raises NatsError, and NoStream where one of them has
        gone."""
        found = await self._stream()
        answer = await self._consumer()
        if answer is None or self._found is None or found.incarnation != self._found.incarnation:
            raise NoStream(
                f"the consumer {self.name} of the stream {self.stream} is gone",
                hint="it is made again",
            )
        self._note(answer, found, first=False)
        return found

    def _note(self, answer: Mapping[str, object], found: Stream, *, first: bool) -> None:
        progress = consumer.progress_of(answer)
        if first and not self.whole:
            self._before = progress.delivered
        self.whole = self.whole or not progress.open or progress.floor >= self._before
        self._compare(progress, found)
        self.progress, self._found = progress, found
        self._safe[found.incarnation] = max(self.safe, min(progress.floor, found.last))
        warnings = tuple(consumer.warnings_of(found, self.subjects))
        for one in warnings:
            if one not in self._told:
                self.voice.warn(one)
        self._told = warnings

    def _compare(self, progress: Progress, found: Stream) -> None:
        """What has become of messages since the last look."""
        if found.last < self.safe:
            self.voice.restored(
                f"the stream {self.stream} went back from message {self.safe} to {found.last}:"
                " an older copy was restored"
            )
            self._safe[found.incarnation] = found.last
        first = (self._first, found.first)
        every = not self.subjects
        if count := consumer.removed_unread(self.progress, progress, first, every=every):
            self.voice.warn(
                f"at least {count} messages of {self.stream} before {found.first} were removed"
                " before they were read, by a purge or a limit of the stream"
            )
        self._first = found.first

    async def _stream(self) -> Stream:
        return consumer.stream_of(
            await self.connection.ask(f"STREAM.INFO.{self.stream}", timeout_s=ANSWER_S)
        )

    async def _consumer(self) -> Mapping[str, object] | None:
        try:
            call = f"CONSUMER.INFO.{self.stream}.{self.name}"
            return await self.connection.ask(call, timeout_s=ANSWER_S)
        except NoStream:
            return None

    async def _made(self, found: Stream) -> Mapping[str, object]:
        """The consumer, made where there is none: from the place on that is known to be safe."""
        known = min(self.safe, found.last)
        if known:
            self.voice.warn(
                f"the consumer {self.name} of {self.stream} was not there: it is made again, and"
                f" reads from message {known + 1} on"
            )
        start = known + 1 if known else 0
        return await self._put(consumer.wanted(self.name, self.subjects, start), "create")

    async def _put(self, config: Mapping[str, object], action: str) -> Mapping[str, object]:
        asked = write_json({"stream_name": self.stream, "config": config, "action": action})
        call = f"CONSUMER.CREATE.{self.stream}.{self.name}"
        return await self.connection.ask(call, asked, timeout_s=ANSWER_S)

    async def _mend(self, answer: Mapping[str, object]) -> None:
        """Change what somebody else has set. Raises SettingsError for what cannot be changed."""
        found = as_object(answer["config"])
        ours = consumer.wanted(self.name, self.subjects, 0)
        mended, fixed = consumer.differences(found, ours)
        if fixed:
            raise SettingsError(
                f"the consumer {self.name} of {self.stream} is not ours: it differs in"
                f" {', '.join(fixed)}",
                hint=f"name the source or the project otherwise, or delete it:"
                f" nats consumer rm {self.stream} {self.name}",
            )
        if mended:
            await self._put(consumer.mended_config(found, ours), "update")
            self.voice.warn(f"the consumer {self.name} was changed back: {', '.join(mended)}")
