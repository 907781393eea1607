"""The stream that is read and our consumer of it: how they must be, and what is wrong with them.
Pure: what is found comes in as the answers of JetStream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from fql.exact.kinds import as_a, as_list, as_object

OLDEST = (2, 10)
"""The oldest server: earlier ones know one filter for each consumer."""
ACK_WAIT_S = 30
MOST_PENDING = 2_000
"""Messages that are delivered and not acknowledged."""

_MENDED = ("ack_wait", "max_deliver", "max_ack_pending", "filter_subjects")
_FIXED = ("ack_policy", "replay_policy")


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as it was found. `created` tells it from another one of its name; `first` and
    `last` are the numbers of its messages."""

    name: str
    created: str
    subjects: tuple[str, ...]
    storage: str
    retention: str
    replicas: int
    clustered: bool
    mirrored: bool
    first: int
    last: int

    @property
    def incarnation(self) -> str:
        """Part of the identity of its messages."""
        return f"nats:{self.name}@{self.created}"

    def follows(self, incarnation: str) -> bool:
        """Whether that was a stream of this name."""
        return incarnation.startswith(f"nats:{self.name}@")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a consumer is. `floor`: all up to this number is acknowledged; `pending` wait,
    `open` are delivered and not acknowledged; `deliveries` counts all so far, repeated ones too."""

    floor: int
    delivered: int
    pending: int
    open: int
    deliveries: int = 0


def name_of(project: str, source: str) -> str:
    """What our consumer is called; a name that NATS would not take is told apart by its hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", source)
    mark = "" if plain == source else "_" + blake2b(source.encode(), digest_size=4).hexdigest()
    return f"fql_{project}_{plain[:100]}{mark}"


def stream_of(answer: Mapping[str, object]) -> Stream:
    """The stream in an answer to STREAM.INFO. Raises TypeError, KeyError for another answer."""
    config, state = as_object(answer["config"]), as_object(answer["state"])
    return Stream(
        name=as_a(str, config["name"]),
        created=as_a(str, answer["created"]),
        subjects=_texts(config.get("subjects")),
        storage=str(config.get("storage")),
        retention=str(config.get("retention")),
        replicas=as_a(int, config.get("num_replicas", 1)),
        clustered=bool(answer.get("cluster") and as_object(answer["cluster"]).get("name")),
        mirrored=bool(config.get("mirror") or config.get("sources")),
        first=as_a(int, state["first_seq"]),
        last=as_a(int, state["last_seq"]),
    )


def progress_of(answer: Mapping[str, object]) -> Progress:
    """How far the consumer in an answer to CONSUMER.INFO is. Raises as above."""
    floor, delivered = as_object(answer["ack_floor"]), as_object(answer["delivered"])
    return Progress(
        floor=as_a(int, floor["stream_seq"]),
        delivered=as_a(int, delivered["stream_seq"]),
        pending=as_a(int, answer["num_pending"]),
        open=as_a(int, answer["num_ack_pending"]),
        deliveries=as_a(int, delivered["consumer_seq"]),
    )


def removed_unread(
    before: Progress | None, now: Progress, first: tuple[int, int], *, every: bool
) -> int:
    """How many messages were surely removed before they were delivered, since `before`, or since
    the last process where that is None. `first` is the stream's first number then and now; `every`
    says that no subject is left out. A purge moves `delivered` on, and a limit does not."""
    since = before or now
    read = max(since.delivered, first[0] - 1 if before else 0)
    gap = first[1] - 1 - read
    if gap <= 0 or not (before or since.delivered):
        return 0
    delivered = max(0, now.deliveries - since.deliveries)
    return max(0, gap - delivered if every else 0, since.pending - delivered - now.pending)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(as_a(str, text) for text in as_list(value)) if value else ()


def wanted(name: str, subjects: Sequence[str], start: int) -> dict[str, object]:
    """The configuration of our consumer. `start` is the number that it begins at; 0 for the first
    message there is."""
    config: dict[str, object] = {
        "name": name, "durable_name": name, "ack_policy": "explicit", "replay_policy": "instant",
        "ack_wait": ACK_WAIT_S * 1_000_000_000, "max_deliver": -1,
        "max_ack_pending": MOST_PENDING, "deliver_policy": "all",
        "description": "a source of fqlc",
    }  # fmt: skip
    if subjects:
        config["filter_subjects"] = list(subjects)
    if start:
        config |= {"deliver_policy": "by_start_sequence", "opt_start_seq": start}
    return config


def differences(
    found: Mapping[str, object], ours: Mapping[str, object]
) -> tuple[list[str], list[str]]:
    """The keys of a consumer that differ from ours: those that can be changed, and those that
    cannot."""
    mended = [key for key in _MENDED if _value(found, key) != _value(ours, key)]
    fixed = [key for key in _FIXED if _value(found, key) != _value(ours, key)]
    if found.get("deliver_subject"):
        fixed.append("deliver_subject")
    return mended, fixed


def _value(config: Mapping[str, object], key: str) -> object:
    if key == "filter_subjects":
        one = config.get("filter_subject")
        return sorted([str(one)] if one else _texts(config.get(key)))
    return config.get(key, -1 if key == "max_deliver" else None)


def mended_config(found: Mapping[str, object], ours: Mapping[str, object]) -> dict[str, object]:
    """The found configuration with what of ours can be changed."""
    config = {key: value for key, value in found.items() if key != "filter_subject"}
    for key in _MENDED:
        config.pop(key, None)
        if key in ours:
            config[key] = ours[key]
    return config


def warnings_of(stream: Stream, subjects: Sequence[str]) -> list[str]:
    """What somebody should know of the stream."""
    found = []
    if stream.storage != "file":
        found.append(f"the stream {stream.name} is in memory: a restart of the server loses it")
    if stream.clustered and stream.replicas == 1:
        found.append(f"the stream {stream.name} is on one server of a cluster (replicas 1)")
    if stream.retention == "workqueue":
        found.append(f"the stream {stream.name} is a work queue: what we acknowledge is deleted")
    for subject in subjects:
        if not stream.mirrored and not any(overlap(subject, one) for one in stream.subjects):
            known = ", ".join(stream.subjects) or "none"
            found.append(f"no message has the subject {subject}: {stream.name} takes {known}")
    return found


def overlap(one: str, other: str) -> bool:
    """Whether a subject can match both patterns."""
    left, right = one.split("."), other.split(".")
    for mine, theirs in zip(left, right, strict=False):
        if ">" in (mine, theirs):
            return True
        if "*" not in (mine, theirs) and mine != theirs:
            return False
    return len(left) == len(right)
