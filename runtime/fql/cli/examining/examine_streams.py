"""Are the streams that are read and written there, and as they should be?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from fql.cli.examining.finding import PATIENCE, Finding, in_words
from fql.cli.project import Project
from fql.errors import FqlError
from fql.intake.nats import consumer
from fql.nats.driver import nats_connection
from fql.nats.errors import NoStream
from fql.settings.model import Nats, Settings
from fql.settings.source_tables import NatsSource

if TYPE_CHECKING:
    from fql.nats.connection import NatsConnection


def streams(project: Project, *, offline: bool) -> list[Finding]:
    """Server, streams and consumers of the sources of kind `nats`, and of dead letters there."""
    settings = project.run_settings()
    read = any(isinstance(table, NatsSource) for table in settings.sources.values())
    if not read and not _writes_letters(settings):
        return []
    if settings.nats is None:
        text = "fql.toml has no `[nats] url`, which its sources or dead letters need"
        return [Finding("nats", "problem", text)]
    return [] if offline else asyncio.run(_looked_at(settings, settings.nats))


def _writes_letters(settings: Settings) -> bool:
    dlq = settings.webhooks.dlq
    return dlq.enabled and dlq.backend == "nats"


async def _looked_at(settings: Settings, nats: Nats) -> list[Finding]:
    found: list[Finding] = []
    try:
        async for one in _findings(settings, nats):
            found.append(one)  # noqa: PERF401 - what was found before a problem stays
    except FqlError as problem:
        text = in_words(problem)
        found.append(Finding("nats", "problem", text))
    return found


async def _findings(settings: Settings, nats: Nats) -> AsyncIterator[Finding]:
    connection = nats_connection(nats.url, nats.credentials)
    from fql.cli.examining.examine_letters import letters
    from fql.nats.versions import require_version, version_of

    try:
        link = await connection.link(PATIENCE)
        require_version(link, consumer.OLDEST, "this project")
        if not link.info.get("jetstream"):
            yield Finding("nats", "problem", f"{connection.shown} has JetStream switched off")
            return
        version = ".".join(map(str, version_of(link)))
        yield Finding("nats", "ok", f"{connection.shown} answers: NATS {version} with JetStream")
        for name, table in settings.sources.items():
            if isinstance(table, NatsSource):
                async for one in _source(connection, settings.project.name, name, table):
                    yield one
        if _writes_letters(settings):
            async for one in letters(connection, settings.webhooks.dlq):
                yield one
    finally:
        await connection.close()


async def _source(
    connection: NatsConnection, project: str, name: str, table: NatsSource
) -> AsyncIterator[Finding]:
    subject, own = f"source {name}", consumer.name_of(project, name)
    try:
        answer = await connection.ask(f"STREAM.INFO.{table.stream}", timeout_s=PATIENCE)
    except NoStream:
        text = f"the stream {table.stream} is not there yet: the source waits for it"
        yield Finding(subject, "warning", text)
        return
    for warning in consumer.warnings_of(consumer.stream_of(answer), table.subjects):
        yield Finding(subject, "warning", warning)
    try:
        call = f"CONSUMER.INFO.{table.stream}.{own}"
        progress = consumer.progress_of(await connection.ask(call, timeout_s=PATIENCE))
    except NoStream:
        yield Finding(subject, "ok", f"the consumer {own} is not there yet; `fqlc run` creates it")
        return
    text = f"{table.stream}: {progress.pending} waiting, {progress.open} not acknowledged"
    yield Finding(subject, "ok", text)
