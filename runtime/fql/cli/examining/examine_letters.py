"""Are the stream and the bucket of dead letters there, will they keep them, and may we write?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import TYPE_CHECKING

from fql.cli.examining.finding import PATIENCE, Finding, in_words
from fql.exact.kinds import as_a, as_list, as_object
from fql.exact.writing import write_json
from fql.intake.nats import consumer
from fql.nats.errors import Forbidden, NoStream, Refused
from fql.plan.language.units import show_duration
from fql.settings.model import DeadLetters
from fql.store.copies.streams import NO_OBSERVER, SUBJECT, misfit

if TYPE_CHECKING:
    from fql.nats.connection import NatsConnection

ABOUT = "dead letters"
PROBE = "fqlc-doctor"
ELSEWHERE = {"Nats-Expected-Stream": PROBE}
"""No stream is called that, so a message with this header is refused: nothing is written."""


async def letters(connection: NatsConnection, dlq: DeadLetters) -> AsyncIterator[Finding]:
    """The findings of both. Raises NatsError where the server does not answer."""
    bucket = f"KV_{dlq.bucket}"
    async for one in _looked_at(connection, dlq, dlq.stream, SUBJECT, NO_OBSERVER):
        yield one
    async for one in _looked_at(connection, dlq, bucket, f"$KV.{dlq.bucket}", PROBE):
        yield one
    last = write_json({"last_by_subj": f"$KV.{dlq.bucket}.{PROBE}"})
    call = f"STREAM.MSG.GET.{bucket}"
    if problem := await _denied(connection.ask(call, last, timeout_s=PATIENCE)):
        yield problem


async def _looked_at(
    connection: NatsConnection, dlq: DeadLetters, name: str, prefix: str, token: str
) -> AsyncIterator[Finding]:
    subject = f"{prefix}.>"
    try:
        answer = await connection.ask(f"STREAM.INFO.{name}", timeout_s=PATIENCE)
    except NoStream:
        yield await _missing(connection, name, subject)
    else:
        for one in _unfit(answer, dlq, name, subject):
            yield one
    sent = connection.publish(
        f"{prefix}.{token}", ELSEWHERE, b"", message_id=PROBE, timeout_s=PATIENCE
    )
    if problem := await _denied(sent):
        yield problem


async def _missing(connection: NatsConnection, name: str, subject: str) -> Finding:
    """Whether `fqlc run` can make it: nobody else has its subject, and we have the right."""
    asked = write_json({"subject": subject})
    try:
        answer = await connection.ask("STREAM.NAMES", asked, timeout_s=PATIENCE)
    except Refused:
        answer = {}  # that right is not needed for anything else
    for other in as_list(answer.get("streams") or []):
        text = f"{other} has the subject {subject} already, which {name} needs"
        return Finding(ABOUT, "problem", f"{text}; name {other} in [webhooks.dlq]")
    nothing = b"no configuration"  # so it is refused in any case, but not as forbidden
    create = connection.ask(f"STREAM.CREATE.{name}", nothing, timeout_s=PATIENCE)
    fine = f"the stream {name} is not there yet; `fqlc run` creates it"
    return await _denied(create) or Finding(ABOUT, "ok", fine)


def _unfit(
    answer: Mapping[str, object], dlq: DeadLetters, name: str, subject: str
) -> list[Finding]:
    """What is wrong with one that is there, or that nothing is."""
    config, state = as_object(answer["config"]), as_object(answer["state"])
    if problem := misfit(name, subject, config):
        return [Finding(ABOUT, "problem", problem)]
    told = consumer.warnings_of(consumer.stream_of(answer), ())
    age = as_a(int, config.get("max_age", 0)) // 1_000_000
    if 0 < age < dlq.retention:
        told.append(
            f"{name} keeps messages for {show_duration(age)}, and `retention` of [webhooks.dlq] is"
            f" {show_duration(dlq.retention)}: older ones are in the store alone"
        )
    if config.get("discard") == "new":
        told.append(f"{name} refuses messages when it is full, and copies wait (discard: new)")
    fine = f"{name} is there: {as_a(int, state['messages'])} messages"
    return [Finding(ABOUT, "warning", one) for one in told] or [Finding(ABOUT, "ok", fine)]


async def _denied(asked: Awaitable[object]) -> Finding | None:
    """The problem of a call that we have no right to; any other answer will do."""
    try:
        await asked
    except Forbidden as problem:
        return Finding(ABOUT, "problem", in_words(problem))
    except (Refused, NoStream):
        pass
    return None
