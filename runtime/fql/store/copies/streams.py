"""Dead letters in NATS: a stream with what became of each, and a bucket with those that are open.

A message is written to `webhook.dlq.<observer>` for each change, under the id `<dlq_id>.<number>`,
so that a change that is written twice is there once. The bucket has the newest form of each open
dead letter under its `dlq_id`; one that has left the queue leaves the bucket, and the stream gets a
closing record. Both are made where they are missing; those that somebody else has made are used as
they are.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from fql.errors import SettingsError
from fql.exact.kinds import as_list, as_object
from fql.exact.reading import read_foreign
from fql.exact.writing import json_text, write_json
from fql.nats.connection import NatsConnection
from fql.nats.errors import NatsUnreachable, NoStream, TooLarge
from fql.nats.versions import require_version
from fql.settings.model import DeadLetters

logger = logging.getLogger("fql")

OLDEST = (2, 10)
"""The oldest server: earlier ones keep no note of whose a stream is."""
SUBJECT = "webhook.dlq"
NO_OBSERVER = "-"
"""The last token for a change that no observer has seen, since it did not fit its entity."""
ANSWER_S = 5.0
OWNER = "fql_store"
_HEADERS = {"Content-Type": "application/json"}
_LEFT = {"KV-Operation": "DEL"}
_SHORT = 1_000


@dataclass(slots=True)
class LetterStream:
    """Copies of the dead letters of the store with the id `store`."""

    connection: NatsConnection
    settings: DeadLetters
    store: str
    _ready: bool = field(default=False)
    _guest: str = field(default="")

    async def open(self) -> None:
        """Make stream and bucket where they are missing. A server that does not answer does not
        prevent a start: the copies wait in the store. Raises SettingsError and Refused for what
        cannot be used."""
        try:
            await self._ensure()
        except (NatsUnreachable, NoStream) as problem:
            logger.warning("dead letters are copied later: %s", problem.message)

    async def append(
        self, numbers: Sequence[int], entries: Sequence[Mapping[str, object]], now: datetime
    ) -> None:
        """Write entries; both stream and bucket have them on return. Raises NatsError; one that
        somebody has deleted meanwhile is made again the next time."""
        del now
        await self._ensure()
        try:
            for number, entry in zip(numbers, entries, strict=True):
                await self._copy_entry(number, {**entry, "store": self.store})
        except NoStream:
            self._ready = False
            raise

    async def tend(self, now: datetime) -> None:
        """Age and size are limits of the stream. Raises NatsError where it cannot be made."""
        del now
        await self._ensure()

    # Entries ---------------------------------------------------------------------------

    async def _copy_entry(self, number: int, entry: Mapping[str, object]) -> None:
        name, dead = str(entry["dlq_id"]), "observer" in entry
        if not dead:
            entry = {**entry, "observer": await self._observer(name)}
        token = entry["observer"] or NO_OBSERVER
        message_id = f"{name}.{number}{self._guest}"
        await self._put(f"{SUBJECT}.{token}", _HEADERS, entry, message_id)
        key = f"$KV.{self.settings.bucket}.{name}"
        if dead:
            await self._put(key, _HEADERS, entry, message_id)
        else:
            await self.connection.publish(
                key, _LEFT, b"", message_id=message_id, timeout_s=ANSWER_S
            )

    async def _put(
        self, subject: str, headers: Mapping[str, str], entry: Mapping[str, object], id_: str
    ) -> None:
        """One that is larger than the server takes goes without its request and its row: the store
        has it whole."""
        for shown in (entry, _without(entry), _least(entry)):
            with suppress(TooLarge):
                await self.connection.publish(
                    subject, headers, write_json(shown), message_id=id_, timeout_s=ANSWER_S
                )
                return
        raise TooLarge(f"the dead letter {entry['dlq_id']} is larger than {subject} takes")

    async def _observer(self, name: str) -> str:
        """Whose dead letter it was, from the bucket; it may have gone from there."""
        asked = json_text({"last_by_subj": f"$KV.{self.settings.bucket}.{name}"}).encode()
        call = f"STREAM.MSG.GET.KV_{self.settings.bucket}"
        try:
            answer = await self.connection.ask(call, asked, timeout_s=ANSWER_S)
        except NoStream:
            return ""
        return _observer_in(answer)

    # Stream and bucket -------------------------------------------------------------------

    async def _ensure(self) -> None:
        if self._ready:
            return
        require_version(await self.connection.link(ANSWER_S), OLDEST, "dead letters in NATS")
        settings = self.settings
        age = {"max_age": settings.retention * 1_000_000}
        # A server sets aside what a stream may take, so it is bounded where somebody has said so.
        most = settings.max_size if "max_size" in settings.model_fields_set else -1
        host = await self._make(settings.stream, f"{SUBJECT}.>", {**age, "max_bytes": most})
        # Different stores may have the same ids of dead letters, and a stream takes an id once.
        self._guest = "" if host == self.store else f".{self.store[:8]}"
        owner = await self._make(f"KV_{settings.bucket}", f"$KV.{settings.bucket}.>", {
            **age, "max_msgs_per_subject": 1, "deny_delete": True,
            "allow_rollup_hdrs": True, "allow_direct": True,
        })  # fmt: skip
        if owner != self.store:
            raise SettingsError(
                f"the bucket {settings.bucket} holds dead letters of another store",
                hint="name another `bucket` in [webhooks.dlq]; the stream may be shared",
            )
        self._ready = True

    async def _make(self, name: str, subject: str, more: Mapping[str, object]) -> str:
        """Make it where it is missing; gives the store that it belongs to. One that somebody has
        made by hand belongs to whoever uses it."""
        try:
            answer = await self.connection.ask(f"STREAM.INFO.{name}", timeout_s=ANSWER_S)
        except NoStream:
            config: dict[str, object] = {
                "name": name, "subjects": [subject], "storage": "file", "discard": "old",
                "num_replicas": await self._replicas(), "metadata": {OWNER: self.store}, **more,
            }  # fmt: skip
            asked = json_text(config).encode()
            await self.connection.ask(f"STREAM.CREATE.{name}", asked, timeout_s=ANSWER_S)
            return self.store
        return await self._adopt(name, subject, more, as_object(answer["config"]))

    async def _adopt(
        self, name: str, subject: str, more: Mapping[str, object], found: dict[str, object]
    ) -> str:
        """Use what is there. Raises SettingsError for what is of another kind."""
        owner = as_object(found.get("metadata") or {}).get(OWNER)
        if problem := misfit(name, subject, found):
            raise SettingsError(
                problem, hint="name another one in [webhooks.dlq], or add the subject to it"
            )
        wanted = {key: value for key, value in more.items() if key in ("max_age", "max_bytes")}
        if owner == self.store and any(found.get(key) != value for key, value in wanted.items()):
            asked = json_text({**found, **wanted}).encode()
            await self.connection.ask(f"STREAM.UPDATE.{name}", asked, timeout_s=ANSWER_S)
        return str(owner or self.store)

    async def _replicas(self) -> int:
        """Three where there is a cluster of servers."""
        link = await self.connection.link(ANSWER_S)
        return 3 if link.info.get("cluster") and len(link.servers) >= 3 else 1


def misfit(name: str, subject: str, config: Mapping[str, object]) -> str:
    """Why the stream `name` with this configuration takes no dead letters, or nothing."""
    subjects = as_list(config.get("subjects") or [])
    if subject in subjects:
        return ""
    taken = ", ".join(map(str, subjects)) or "nothing"
    return f"the stream {name} does not take {subject}; it takes {taken}"


def _without(entry: Mapping[str, object]) -> dict[str, object]:
    left_out = [key for key in ("request", "envelope") if entry.get(key) is not None]
    return {**entry, **dict.fromkeys(left_out), "left_out": left_out}


def _least(entry: Mapping[str, object]) -> dict[str, object]:
    kept = ("written_at", "dlq_id", "class", "observer", "action", "failed_at", "state", "store")
    reason = str(entry.get("reason", ""))[:_SHORT]
    left_out = [key for key in entry if key not in (*kept, "reason")]
    return {**{key: entry.get(key) for key in kept}, "reason": reason, "left_out": left_out}


def _observer_in(answer: Mapping[str, object]) -> str:
    """The observer in the entry that a bucket gave back."""
    data = as_object(answer.get("message") or {}).get("data")
    if not isinstance(data, str):
        return ""
    try:
        entry = read_foreign(base64.b64decode(data))
    except ValueError:
        return ""
    return str(entry.get("observer") or "") if isinstance(entry, dict) else ""
