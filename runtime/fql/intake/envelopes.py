"""A row of an outbox as the envelope of an event, whatever somebody wrote into it."""

from __future__ import annotations

from typing import Protocol


class Texts(Protocol):
    """The columns that every outbox has. They are bytes: a text need not be UTF-8."""

    @property
    def seq(self) -> int: ...
    @property
    def entity(self) -> bytes: ...
    @property
    def event(self) -> bytes: ...
    @property
    def new(self) -> bytes | None: ...
    @property
    def old(self) -> bytes | None: ...
    @property
    def problem(self) -> bytes | None: ...
    @property
    def event_id(self) -> bytes | None: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def context(self) -> bytes | None: ...
    @property
    def at(self) -> bytes | None: ...


def envelope_of(row: Texts) -> tuple[dict[str, object], str]:
    """The envelope, and what is wrong with it, or nothing. Bytes that are not UTF-8 are kept as
    escapes."""
    envelope: dict[str, object] = {}
    problem = "" if row.problem is None else row.problem.decode("utf-8", "replace")
    for name, data in (
        ("entity", row.entity), ("event", row.event), ("new", row.new), ("old", row.old),
        ("id", row.event_id), ("key", row.key), ("context", row.context), ("timestamp", row.at),
    ):  # fmt: skip
        if data is None:
            continue
        try:
            envelope[name] = data.decode()
        except UnicodeDecodeError as error:
            envelope[name] = data.decode("utf-8", "backslashreplace")
            problem = problem or f"`{name}` of outbox row {row.seq} is not UTF-8: {error}"
    return envelope, problem
