"""The stream of a store: made, checked, asked, and read in order."""

from __future__ import annotations

import asyncio
import base64
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fql.errors import FqlError, StoreError, StoreFull, StoreGone
from fql.exact.kinds import as_a, as_list, as_object
from fql.exact.writing import write_json
from fql.nats.batches import Outgoing, Stored, publish_batch, read_from
from fql.nats.connection import NatsConnection
from fql.nats.errors import NatsError, NoStream
from fql.nats.saying import PASSING
from fql.nats.versions import require_version

OLDEST = (2, 12)
FORMAT = "1"
FORMAT_KEY, IDENTITY_KEY = "fql_format", "fql_identity"
ANSWER_S = 5.0
WRITE_S = 8.0
"""Seconds for a commit: less than a lease, so that a doubtful one is settled within it."""
MOST_LAGGING = 100
LAGGING_S = 0.05
"""Seconds between two tries to read what a copy of the stream has not yet."""
NOT_THERE = 10059
NO_MESSAGE = 10037
IN_USE = 10058
_FRACTION = re.compile(r"\.(\d{1,6})\d*")


@dataclass(frozen=True, slots=True)
class Found:
    """What the server says of the stream: its metadata, bytes, copies, and the time there in
    milliseconds since 1970."""

    identity: str
    bytes: int
    replicas: int
    now: int


@dataclass(frozen=True, slots=True)
class Last:
    """The last message of a subject. `at` is when the server had it, in milliseconds."""

    sequence: int
    body: bytes
    at: int


class Stream:
    """The stream `FQL_<project>` with the subjects `fql.<project>.>`."""

    def __init__(self, connection: NatsConnection, project: str) -> None:
        self.connection = connection
        self.name = f"FQL_{project}"
        self.prefix = f"fql.{project}"
        self.where = f"{connection.shown} (stream {self.name})"

    async def open(self) -> Found:
        """Make it where it is missing. Raises StoreError, SettingsError."""
        try:
            link = await self.connection.link(ANSWER_S)
            require_version(link, OLDEST, "a store in NATS")
            found = await self.look()
            if found is None:
                await self._create(3 if link.info.get("cluster") and len(link.servers) > 2 else 1)
                found = await self.look()
        except NatsError as problem:
            raise self.problem(problem) from None
        if found is None:
            raise StoreGone(f"the store {self.where} was removed while it was made")
        return found

    async def look(self) -> Found | None:
        """What it is now; None where it is not there. Raises StoreError."""
        try:
            answer = await self.connection.ask(f"STREAM.INFO.{self.name}", timeout_s=ANSWER_S)
        except NatsError as problem:
            if problem.code == NOT_THERE:
                return None
            raise self.problem(problem) from None
        config, state = as_object(answer["config"]), as_object(answer["state"])
        return Found(
            self._checked(config),
            as_a(int, state["bytes"]),
            as_a(int, config["num_replicas"]),
            millis(str(answer["ts"])),
        )

    def _checked(self, config: dict[str, object]) -> str:
        """The identity of the store. Raises StoreError for a stream that is not a store."""
        metadata = as_object(config.get("metadata") or {})
        identity, stored = metadata.get(IDENTITY_KEY), metadata.get(FORMAT_KEY)
        if not isinstance(identity, str) or stored is None:
            raise StoreError(
                f"{self.where} is a stream, but no engine has ever used it as a store",
                hint="give the project another name, or remove that stream",
            )
        if stored != FORMAT:
            raise StoreError(
                f"the store {self.where} has format {stored}, and this fqlc knows {FORMAT}",
                hint="use the fqlc that the other engines use",
            )
        wrong = [key for key, value in self._shape().items() if config.get(key) != value]
        if wrong or as_list(config.get("subjects") or []) != [f"{self.prefix}.>"]:
            raise StoreError(
                f"the stream of the store {self.where} has been changed:"
                f" {', '.join(wrong or ['subjects'])}",
                hint="put its configuration back as it was; docs/how-to/nats.md has it",
            )
        return identity

    @staticmethod
    def _shape() -> dict[str, object]:
        return {
            "storage": "file", "retention": "limits", "discard": "new",
            "max_msgs_per_subject": 1, "max_age": 0, "allow_atomic": True,
            "allow_msg_ttl": True, "allow_direct": True,
        }  # fmt: skip

    async def _create(self, replicas: int) -> None:
        config = {
            "name": self.name, "subjects": [f"{self.prefix}.>"], "num_replicas": replicas,
            "metadata": {FORMAT_KEY: FORMAT, IDENTITY_KEY: uuid.uuid4().hex}, **self._shape(),
        }  # fmt: skip
        try:
            await self.connection.ask(
                f"STREAM.CREATE.{self.name}", write_json(config), timeout_s=ANSWER_S
            )
        except NatsError as problem:
            if problem.code != IN_USE:  # another process has just made it
                raise

    async def last(self, subject: str) -> Last | None:
        """The last message of a subject. Raises StoreError."""
        asked = write_json({"last_by_subj": f"{self.prefix}.{subject}"})
        try:
            answer = await self.connection.ask(
                f"STREAM.MSG.GET.{self.name}", asked, timeout_s=ANSWER_S
            )
        except NatsError as problem:
            if problem.code == NO_MESSAGE:
                return None
            raise self.problem(problem) from None
        found = as_object(answer["message"])
        body = base64.b64decode(str(found.get("data", "")))
        return Last(as_a(int, found["seq"]), body, millis(str(found["time"])))

    async def write(self, messages: Sequence[Outgoing]) -> int | None:
        """All of them or none: the number of the last one, or None where a subject has moved on.
        Raises StoreFull when nothing was written, and NatsError where that is not known."""
        try:
            return await publish_batch(self.connection, messages, timeout_s=WRITE_S)
        except NatsError as problem:
            if problem.code in PASSING:
                raise StoreFull(
                    f"no space is left for the store {self.where}: {problem.message}",
                    hint="raise the limits of the stream or the account; work resumes by itself",
                ) from None
            raise

    async def read(
        self, first: int, subjects: str, take: Callable[[Stored], None], least: int = 0
    ) -> int:
        """Hand over the messages from the number `first` on, to the end and at least to the number
        `least`; gives the next number. A server that lags is asked again. Raises StoreError."""
        tries = 0
        while True:
            try:
                found = await read_from(
                    self.connection, self.name, first, subjects, timeout_s=ANSWER_S
                )
            except NatsError as problem:
                raise self.problem(problem) from None
            for message in found:
                take(message)
                first = message.sequence + 1
            if not found and first > least:
                return first
            tries = 0 if found else tries + 1
            if tries > MOST_LAGGING:
                raise StoreError(f"{self.where} does not give its messages up to number {least}")
            if tries:
                await asyncio.sleep(LAGGING_S)

    async def drop(self, subjects: str, below: int) -> None:
        """Remove messages with smaller numbers, of these subjects. Raises StoreError."""
        asked = write_json({"filter": f"{self.prefix}.{subjects}", "seq": below})
        try:
            await self.connection.ask(f"STREAM.PURGE.{self.name}", asked, timeout_s=ANSWER_S)
        except NatsError as problem:
            raise self.problem(problem) from None

    def problem(self, problem: NatsError) -> FqlError:
        """An error of NATS as one of the store."""
        if problem.code == NOT_THERE or (isinstance(problem, NoStream) and problem.code):
            return StoreGone(
                f"the store {self.where} is not there any more", hint="was its stream deleted?"
            )
        return StoreError(f"the store {self.where}: {problem.message}", hint=problem.hint)


def millis(text: str) -> int:
    """A time of JetStream in milliseconds since 1970."""
    return int(datetime.fromisoformat(_FRACTION.sub(r".\1", text)).timestamp() * 1000)
