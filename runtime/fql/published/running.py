"""Lines of `fqlc runs` and `fqlc dlq list` with `--format json`, and of the log."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fql.published.model import Line, Moment, Value


class RunNode(Line):
    """An action of a run."""

    name: str
    state: str = Field(description="its state in words")
    attempts: int = Field(ge=0)
    next_at: Moment = Field(default="", description="when its turn comes")
    batch: str = Field(default="", description="the batch that it went with")


class Run(Line):
    """One run of an observer."""

    run: str
    observer: str
    event_id: str
    entity: str
    event: str
    state: str = Field(description="`open`, `done`, `dead`, `cancelled` or `expired`")
    started_at: Moment
    ended_at: Moment | None
    nodes: list[RunNode]
    row_key: str = Field(description="the key of the row as text, empty without one")


class Attempt(Line):
    """One try of a request."""

    at: Moment
    number: int
    status: int | None = Field(description="the HTTP status, null without an answer")
    error: str | None
    duration_ms: int = Field(ge=0)
    response_start: str = Field(description="the start of the answer, secrets masked")


class DeadLetter(Line):
    """An action that was given up, or a change that could not be taken in."""

    dlq_id: str
    observer: str
    action: str
    run: str | None
    entity: str
    event: str
    event_id: str
    error_class: str = Field(alias="class", description="the kind of failure")
    reason: str
    failed_at: Moment
    state: str
    handled: bool = Field(description="whether an `else` took over")
    attempts: list[Attempt]
    request: dict[str, Value] | None = Field(description="what was sent, secrets masked")
    plan_digest: str
    key: str = Field(description="the key of the delivery")
    batch: str | None
    envelope: dict[str, Value] | None = Field(description="of a change that was not taken in")
    row_key: str


class Logged(Line):
    """One record of the log; what else it has depends on the event."""

    time: Moment
    level: Literal["debug", "info", "warning", "error", "critical"]
    logger: str
    message: str
