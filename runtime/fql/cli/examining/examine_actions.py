"""Does what `publish` and `call` need exist? Every function; a server that lets us in, and streams
that take each subject and know a message again that is sent a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fql.actions.calls.functions import Functions
from fql.cli.examining.finding import Finding, in_words
from fql.cli.functions import functions_of
from fql.cli.project import Project
from fql.egress.settings import resolve_parts, text_parts
from fql.errors import FqlError, MissingSecrets
from fql.exact.kinds import as_a, as_list, as_object
from fql.exact.writing import write_json
from fql.nats.driver import nats_connection
from fql.nats.errors import NatsError
from fql.plan.kinds import CALL, PUBLISH, has_kind, subject_of
from fql.plan.language.units import spoken_duration
from fql.plan.model import Plan, PlanNode
from fql.plan.policies import retry_policy, whole_of
from fql.plan.stored.codec import load_expression
from fql.settings.model import Nats

if TYPE_CHECKING:
    from fql.nats.connection import NatsConnection

PATIENCE = 5.0
"""Seconds that a server may take to answer."""
_NANOSECONDS = 1_000_000
"""In a millisecond."""


@dataclass(frozen=True, slots=True)
class Published:
    """What one action publishes. `pattern` is its subject with `*` for each token that is known
    with an event only. `apart` is the longest time between the stream's receipt of a message whose
    acknowledgement is lost and the next attempt, in milliseconds; None where there is none."""

    action: str
    pattern: str
    apart: int | None


def publishing(project: Project, plan: Plan, *, offline: bool) -> list[Finding]:
    """The server, and the streams of what the plan publishes."""
    if not has_kind(plan, PUBLISH):
        return []
    settings = project.run_settings().nats
    if settings is None:
        text = "the plan publishes, and fql.toml has no `[nats] url`: `fqlc run` would not start"
        return [Finding("nats", "problem", text)]
    if offline:
        return []
    return asyncio.run(_looked_at(settings, tuple(published(plan, project.secrets))))


def published(plan: Plan, environment: Mapping[str, str]) -> Iterator[Published]:
    """Each `publish` whose subject is known; what lacks a variable is told elsewhere."""
    for observer in plan.observers:
        for node in observer.nodes:
            stored = subject_of(node.config) if node.kind == PUBLISH else None
            if stored is None:
                continue
            action = f"{observer.name}.{node.name}"
            try:
                parts = resolve_parts(text_parts(load_expression(stored)), environment, action)
            except MissingSecrets:
                continue
            text = "".join(part if isinstance(part, str) else "\0" for part in parts)
            tokens = ("*" if "\0" in token else token for token in text.split("."))
            yield Published(action, ".".join(tokens), _apart(node))


def _apart(node: PlanNode) -> int | None:
    policy = retry_policy(node.policies)
    if policy.max_attempts < 2:
        return None
    longest = policy.base_delay(policy.max_attempts - 1)
    if policy.max_elapsed is not None:
        longest = min(longest, policy.max_elapsed)
    return longest + as_a(int, whole_of(node.policies, "timeout"))


async def _looked_at(settings: Nats, messages: tuple[Published, ...]) -> list[Finding]:
    connection = nats_connection(settings.url, settings.credentials)
    found: list[Finding] = []
    try:
        link = await connection.link(PATIENCE)
        found.append(Finding("nats", "ok", f"{connection.shown} lets us in"))
        if not link.info.get("jetstream"):
            text = f"{connection.shown} has JetStream switched off: nothing can be published"
            return [*found, Finding("nats", "problem", text)]
        async for one in _streams(connection, messages):
            found.append(one)  # noqa: PERF401 - what was found before a problem stays
    except FqlError as problem:
        text = in_words(problem)
        found.append(Finding("nats", "problem", text))
    finally:
        await connection.close()
    return found


async def _streams(
    connection: NatsConnection, messages: tuple[Published, ...]
) -> AsyncIterator[Finding]:
    known: dict[str, list[Mapping[str, object]]] = {}
    for message in messages:
        if message.pattern not in known:
            try:
                known[message.pattern] = await _taking(connection, message.pattern)
            except NatsError as problem:
                text = f"whether streams take what is published is not known: {problem.message}"
                yield Finding("nats", "warning", text)
                return
        for text in warnings_of(message, known[message.pattern]):
            yield Finding(f"action {message.action}", "warning", text)


async def _taking(connection: NatsConnection, pattern: str) -> list[Mapping[str, object]]:
    """The configurations of the streams that may take a subject of this pattern."""
    asked = write_json({"subject": pattern})
    answer = await connection.ask("STREAM.LIST", asked, timeout_s=PATIENCE)
    streams = as_list(answer.get("streams") or [])
    return [as_object(as_object(stream)["config"]) for stream in streams]


def warnings_of(message: Published, streams: list[Mapping[str, object]]) -> Iterator[str]:
    """What somebody should know of a message and of the streams that may take it. Pure."""
    if not streams:
        yield (
            f"no stream takes {message.pattern}: messages wait for one, and are dead letters after "
            "their last attempt"
        )
    for config in streams:
        name = config.get("name")
        if config.get("no_ack"):
            yield f"the stream {name} acknowledges nothing (`no_ack`): each attempt is a timeout"
        window = as_a(int, config.get("duplicate_window", 0)) // _NANOSECONDS
        if message.apart is not None and window < message.apart:
            yield (
                f"the stream {name} knows a message again for {spoken_duration(window)} "
                "(`duplicate_window`), and the next attempt may come "
                f"{spoken_duration(message.apart)} later: a message whose acknowledgement is lost "
                "can be in the stream twice"
            )


def functions(project: Project, plan: Plan) -> list[Finding]:
    """Are the functions of the plan there, and do they take what it calls them with?"""
    if not has_kind(plan, CALL):
        return []
    place = project.settings.project.calls
    if not place:
        text = "the plan calls functions, and `[project] calls` names none: only an application can"
        return [Finding("calls", "warning", f"{text} run it, with `Runtime(calls=...)`")]
    try:
        found = functions_of(project)
        Functions(found).require(plan)
    except FqlError as problem:
        return [Finding("calls", "problem", problem.message)]
    return [Finding("calls", "ok", f"{place} has every function that the plan calls")]
