"""How dead letters are chosen and shown on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import click

from fql.cli.output import harmless, moment, shortened
from fql.client import Client
from fql.errors import UsageError
from fql.exact.writing import write_json
from fql.store.shown import Attempt, DeadLetter

F = TypeVar("F", bound=Callable[..., object])

HEADERS = ("id", "failed at", "action", "event", "class", "attempts", "reason")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which dead letters; None and empty mean all."""

    ids: tuple[str, ...] = ()
    observer: str | None = None
    action: str | None = None
    error_class: str | None = None
    failed_after: datetime | None = None
    failed_before: datetime | None = None
    batch: str | None = None
    limit: int | None = None

    @property
    def everything(self) -> bool:
        """True when nothing narrows the choice."""
        return self == Chosen(limit=self.limit)

    async def of(self, client: Client) -> list[DeadLetter]:
        """The dead letters, newest first. Raises UsageError for an id that is not there."""
        found = await client.dead_letters(
            ids=self.ids, observer=self.observer, action=self.action,
            error_class=self.error_class, failed_after=self.failed_after,
            failed_before=self.failed_before, batch=self.batch, limit=self.limit,
        )  # fmt: skip
        missing = [i for i in self.ids if i not in {letter.dlq_id for letter in found}]
        if missing and self == Chosen(ids=self.ids):
            raise UsageError(
                f"there is no dead letter {missing[0]}",
                hint="see `fqlc dlq list`",
            )
        return found


def filters(command: F) -> F:
    """The options that choose dead letters."""
    for option in (
        click.option("--limit", type=click.IntRange(1), help="At most so many."),
        click.option("--failed-before", type=TIME, help="Date or time; UTC without an offset."),
        click.option("--failed-after", type=TIME, help="Date or time; UTC without an offset."),
        click.option("--class", "error_class", metavar="CLASS", help="Such as exhausted."),
        click.option("--action", metavar="NAME", help="Of this action."),
        click.option("--observer", metavar="NAME", help="Of this observer."),
    ):
        command = option(command)
    return command


class TimeType(click.ParamType[datetime]):
    """A date or a time; without an offset it is UTC."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the text."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-03-02T14:00:00Z", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


TIME = TimeType()


def row(letter: DeadLetter) -> list[str]:
    """A line of the table."""
    return [
        letter.dlq_id,
        moment(letter.failed_at),
        f"{letter.observer}.{letter.action}" if letter.action else "-",
        f"{letter.entity}.{letter.event} {letter.event_id}".strip(". "),
        letter.error_class,
        str(len(letter.attempts)),
        shortened(letter.reason),
    ]


def story(letter: DeadLetter) -> Iterator[str]:
    """Everything about one dead letter, for a person."""
    state = f"{letter.state}, its `else` chain ran" if letter.handled else letter.state
    facts = {
        "dead letter": letter.dlq_id, "state": state, "class": letter.error_class,
        "reason": letter.reason, "failed at": letter.failed_at,
        "action": ".".join(filter(None, (letter.observer, letter.action))),
        "event": f"{letter.entity}.{letter.event} {letter.event_id}".strip(". "),
        "run": letter.run, "batch": letter.batch, "key": letter.key, "plan": letter.plan_digest,
    }  # fmt: skip
    for name, value in facts.items():
        if value:
            yield f"{click.style(name.ljust(12), dim=True)} {harmless(value)}"
    for attempt in letter.attempts:
        yield _attempt(attempt)
    for name, content in (("request", letter.request), ("envelope", letter.envelope)):
        if content:
            text = harmless(write_json(content).decode())
            yield f"{click.style(name.ljust(12), dim=True)} {text}"


def _attempt(attempt: Attempt) -> str:
    label = click.style(f"attempt {attempt.number}".ljust(12), dim=True)
    result = harmless(attempt.error or attempt.status)
    start = shortened(attempt.response_start)
    return f"{label} {attempt.at}  {result}  {attempt.duration_ms} ms  {start}".rstrip()
