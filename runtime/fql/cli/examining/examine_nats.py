"""What `fqlc doctor` looks at on the NATS servers of a store."""

from __future__ import annotations

import asyncio

from fql.cli.examining.finding import Level
from fql.nats.connection import NatsConnection
from fql.nats.servers import writes_at_once
from fql.nats.versions import require_version, version_of
from fql.store.nats.stream import OLDEST, Found, Stream
from fql.store.opening import Place

PATIENCE = 5.0
TELLING = 2.0
"""Seconds that a server may take to tell of itself; most do not."""
LIMITS = (
    "one engine works and others stand by; it has all rows of the store in memory, and so has each"
    " command that looks at the store; there are no tables or views for SQL"
)


def examined(place: Place) -> list[tuple[Level, str]]:
    """Each finding and how bad it is. Raises FqlError where the servers cannot be asked."""
    return asyncio.run(_examined(place))


async def _examined(place: Place) -> list[tuple[Level, str]]:
    connection = NatsConnection(place.database.urls, place.credentials)
    stream = Stream(connection, place.schema.removeprefix("fql_"))
    try:
        link = await connection.link(PATIENCE)
        require_version(link, OLDEST, "a store in NATS")
        found = await stream.look()
        at_once = await writes_at_once(connection, TELLING)
        clustered = bool(link.info.get("cluster")) and len(link.servers) > 2
        version = ".".join(map(str, version_of(link)))
    finally:
        await connection.close()
    return [
        ("ok", f"{connection.shown} answers: version {version}, {_there(stream, found)}"),
        *_durable(stream, found, at_once, clustered=clustered),
        ("ok", f"a store in NATS: {LIMITS}"),
    ]


def _there(stream: Stream, found: Found | None) -> str:
    if found is None:
        return f"without a stream {stream.name}; `fqlc run` makes it"
    return f"with a store in the stream {stream.name}, {found.bytes:,} bytes"


def _durable(
    stream: Stream, found: Found | None, at_once: bool | None, *, clustered: bool
) -> list[tuple[Level, str]]:
    """Whether what is committed outlives the loss of one machine's power."""
    copies = found.replicas if found is not None else 3 if clustered else 1
    if copies > 1:
        return [("ok", f"{stream.name} has {copies} copies")]
    if at_once:
        return [("ok", f"{stream.name} has one copy, and each commit is written to the disk")]
    known = "does not have" if at_once is False else "does not say whether it has"
    return [
        (
            "problem",
            f"{stream.name} has one copy on a server that {known} `sync_interval: always`: a power"
            " cut may lose the commits of two minutes; set that in its `jetstream` block, or use"
            " three servers",
        )
    ]
