"""`fqlc explain`: a code, what would happen for events, or the policies of actions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fql.terminal.commands import format_option
from fql.terminal.lines import prose
from fqlc.cli.inputs import cache_option
from fqlc.cli.plans import plan_of
from fqlc.project.errors import CommandError

if TYPE_CHECKING:
    from fql.plan.model import Observer, Plan, PlanNode

_CODE = re.compile(r"(?i)fql\d{3}")


@click.command(epilog="\b\nExamples:\n  fqlc explain FQL301\n"
               "  fqlc explain --event events.jsonl shop.fql\n"
               "  fqlc explain --action order_shipped.label shop.fql\n"
               "  fqlc explain --sql sqlite shop.fql")  # fmt: skip
@click.argument("targets", nargs=-1, metavar="CODE | [FILE|FOLDER|PLAN]...")
@click.option("--event", "event", metavar="FILE", help="Events, one envelope a line; - for input.")
@click.option("--action", metavar="OBSERVER[.ACTION]", help="Only the policies of these.")
@click.option("--sql", "dialect", type=click.Choice(("sqlite", "postgresql")),
              help="Print each condition as a query.")  # fmt: skip
@format_option()
@click.option("--settings", metavar="FILE", help="Settings file instead of fql.toml.")
@cache_option
def explain(
    targets: tuple[str, ...],
    *,
    event: str | None,
    action: str | None,
    dialect: str | None,
    form: str,
    settings: str | None,
) -> None:
    """Explain a code, what would happen for events, or the policies and schedules of actions.

    With a code such as FQL301: its page. With --event: which observers would match, why, and what
    would be sent; nothing is sent. With --sql: a query for the rows that an observer's condition
    selects, with what it rests upon; where the database would answer otherwise, why there is none.
    Else: the effective policies with the level each came from,
    and the retry schedule with its worst case.
    """
    if len(targets) == 1 and _CODE.fullmatch(targets[0]):
        _page(targets[0].upper())
        return
    targets, event = _with_events(targets, event)
    plan = plan_of(targets, settings)
    if event is not None:
        from fqlc.cli.explain_event import explain_events

        explain_events(plan, event, form)
    elif dialect is not None:
        from fqlc.cli.explain_sql import explain_sql

        explain_sql(plan, "sqlite" if dialect == "sqlite" else "postgresql", form)
    else:
        from fqlc.cli.explain_policies import explain_policies

        explain_policies(_chosen(plan, action), form)


def _page(code: str) -> None:
    from fql.near import did_you_mean
    from fqlc.diagnostics.registry import all_codes, explain_page

    known = [str(c) for c in all_codes()]
    if code not in known:
        hint = did_you_mean(code, known) or "`fqlc explain --list` has all of them"
        raise CommandError(f"there is no code {code}", hint)
    prose(explain_page(code))


def _with_events(targets: tuple[str, ...], event: str | None) -> tuple[tuple[str, ...], str | None]:
    """`fqlc explain events.jsonl shop.fql` means the same as `--event events.jsonl`."""
    found = [t for t in targets if t.endswith(".jsonl")]
    if event is None and len(found) == 1:
        return tuple(t for t in targets if t not in found), found[0]
    return targets, event


def _chosen(plan: Plan, action: str | None) -> Sequence[tuple[Observer, PlanNode]]:
    """The pairs of observer and action that are meant. Raises CommandError when there are none."""
    observer, _, name = (action or "").partition(".")
    pairs = [
        (o, n)
        for o in plan.observers
        for n in o.nodes
        if (not observer or o.name == observer) and (not name or n.name == name)
    ]
    if action and not pairs:
        raise CommandError(f"there is no action {action}", "see fqlc list")
    return pairs
