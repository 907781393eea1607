"""How dead letters are chosen and shown on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps

import click

from fql.client import Client
from fql.errors import UsageError
from fql.exact.writing import write_json
from fql.letters import Choice
from fql.store.shown import Attempt, DeadLetter
from fql.terminal.tables import Column
from fql.terminal.words import moment, one_line, shortened

NAMES = 13
"""Columns of the names of facts in a story."""
_TIME = "A date or time, in UTC unless it has an offset."
COLUMNS = (
    Column("id"), Column("failed at", drop=3), Column("action", least=16, drop=4),
    Column("event", least=16, drop=2), Column("class", drop=5), Column("attempts", drop=1),
    Column("reason", least=20),
)  # fmt: skip


async def require(client: Client, ids: Sequence[str]) -> list[DeadLetter]:
    """The dead letters of these ids. Raises UsageError for one that is not there."""
    found = await client.dead_letters(ids=ids)
    missing = sorted(set(ids) - {letter.dlq_id for letter in found})
    if missing:
        raise UsageError(f"there is no dead letter {missing[0]}", hint="see `fqlc dlq list`")
    return found


FILTERS = {"observer": "observer", "action": "action", "error_class": "class", "reason": "reason",
           "entity": "entity", "row_name": "row"}  # fmt: skip
"""The names of a choice by those of the parameters."""


def filters(command: Callable[..., object]) -> Callable[..., object]:
    """The options that choose dead letters, for the parameter `choice` of a command: in the words
    that Python knows as well (`fql.letters`)."""

    @wraps(command)
    def chosen(**given: object) -> object:
        named = {name: given.pop(parameter) for parameter, name in FILTERS.items()}
        filled = {name: str(value) for name, value in named.items() if value is not None}
        after, before, limit = (
            given.pop(name) for name in ("failed_after", "failed_before", "limit")
        )
        choice = Choice(
            failed_after=None if after is None else str(after),
            failed_before=None if before is None else str(before),
            filter=filled or None, limit=limit if isinstance(limit, int) else None,
        )  # fmt: skip
        return command(choice=choice, **given)

    for option in (
        click.option("--limit", type=click.IntRange(1), help="At most this many."),
        click.option("--failed-before", metavar="TIME", help=_TIME),
        click.option("--failed-after", metavar="TIME", help=_TIME),
        click.option(
            "--class", "error_class", metavar="CLASS", help="Only of this class, such as exhausted."
        ),
        click.option("--reason", metavar="TEXT", help="Only where the reason has this text."),
        click.option("--row", "row_name", metavar="ROW", help='Only of this row: "Order 48213".'),
        click.option("--entity", metavar="NAME", help="Only of rows of this entity."),
        click.option("--action", metavar="NAME", help="Only of this action."),
        click.option("--observer", metavar="NAME", help="Only of this observer."),
    ):
        chosen = option(chosen)
    return chosen


def row(letter: DeadLetter) -> list[str]:
    """A line of the table."""
    return [
        letter.dlq_id,
        moment(letter.failed_at),
        f"{letter.observer}.{letter.action}" if letter.action else "-",
        f"{letter.entity}.{letter.event} {letter.event_id}".strip(". "),
        letter.error_class,
        str(len(letter.attempts)),
        letter.reason,
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
            yield f"{click.style(name.ljust(NAMES - 1), dim=True)} {one_line(value)}"
    for attempt in letter.attempts:
        yield _attempt(attempt)
    for name, content in (("request", letter.request), ("envelope", letter.envelope)):
        if content:
            text = one_line(write_json(content).decode())
            yield f"{click.style(name.ljust(NAMES - 1), dim=True)} {text}"


def _attempt(attempt: Attempt) -> str:
    label = click.style(f"attempt {attempt.number}".ljust(NAMES - 1), dim=True)
    result = one_line(attempt.error or attempt.status)
    start = shortened(attempt.response_start)
    return f"{label} {attempt.at}  {result}  {attempt.duration_ms} ms  {start}".rstrip()
