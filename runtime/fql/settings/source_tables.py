"""The tables of `[sources.NAME]`, one for each kind of source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from fql.settings.brokers import pattern_problem
from fql.settings.policies import Table
from fql.settings.values import Duration, Listen, ServerUrl, StreamName, Tokens, Words, lasts


def _subjects(subjects: tuple[str, ...]) -> tuple[str, ...]:
    for subject in subjects:
        if problem := pattern_problem(subject):
            raise ValueError(problem)
    return subjects


Triggers = Annotated[
    Literal["required", "optional"],
    Field(
        description="`optional`: missing triggers are not an error, because `fql.outbox.emit` "
        "writes the events"
    ),
]
Install = Annotated[
    bool, Field(description="make triggers that are missing or out of step, also while running")
]


class SqliteSource(Table):
    """Rows changed in a SQLite database, by triggers or `fql.outbox.emit`."""

    kind: Literal["sqlite"] = Field(description="the kind of source")
    database: str = Field(description="the application's database file")
    poll: Annotated[Duration, lasts(1, 60_000)] = Field(
        1, description="shortest time between two reads"
    )
    triggers: Triggers = "required"
    install: Install = False


class PostgresqlSource(Table):
    """Rows changed in a PostgreSQL database, by triggers or `fql.outbox.emit`."""

    kind: Literal["postgresql"] = Field(description="the kind of source")
    url: ServerUrl = Field(description="the application's database: `postgresql://...`")
    poll: Annotated[Duration, lasts(1, 60_000)] = Field(
        5, description="shortest time between two reads; it grows to 250ms when nothing comes"
    )
    triggers: Triggers = "required"
    install: Install = False


class JsonLinesSource(Table):
    """Event envelopes, one per line."""

    kind: Literal["json_lines"] = Field(description="the kind of source")
    path: str = Field(description="a file, or `-` for standard input")


class HttpSource(Table):
    """Events that others send by HTTP, to `POST /events`."""

    kind: Literal["http"] = Field(description="the kind of source")
    listen: Listen = Field(
        "127.0.0.1:8786",
        description='address to listen on; "0.0.0.0:8786" lets other machines connect, and then a'
        " proxy in front of it must speak TLS",
    )
    token: Tokens = Field(
        description="what a caller sends as `Authorization: Bearer`; of a list any token is"
        " accepted, so that tokens can be changed without a gap",
    )


class NatsSource(Table):
    """Event envelopes in a stream of NATS JetStream; the servers are those of `[nats]`."""

    kind: Literal["nats"] = Field(description="the kind of source")
    stream: StreamName = Field(description="the stream")
    subjects: Annotated[Words, AfterValidator(_subjects)] = Field(
        (), description='those that are read, such as "orders.>"; by default the whole stream'
    )


SourceTable = Annotated[
    SqliteSource | PostgresqlSource | NatsSource | JsonLinesSource | HttpSource,
    Field(discriminator="kind"),
]

SOURCE_KINDS: dict[str, type[Table]] = {
    "sqlite": SqliteSource,
    "postgresql": PostgresqlSource,
    "nats": NatsSource,
    "json_lines": JsonLinesSource,
    "http": HttpSource,
}
"""The tables of `[sources.NAME]` by their kind."""
