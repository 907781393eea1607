"""`fqlc explain`: a code, what would happen for events, or the policies of actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fql.errors import UsageError
from fql.near import did_you_mean
from fql.terminal.options import format_option, store_option
from fqlc.cli.inputs import STANDARD_INPUT, source_options, stdin_option
from fqlc.cli.plans import plan_of

if TYPE_CHECKING:
    from fql.plan.model import Observer, Plan, PlanNode


@click.command(epilog="\b\nExamples:\n  fqlc explain FQL301\n  fqlc explain --list\n"
               "  fqlc explain --event events.jsonl shop.fql\n"
               "  fqlc explain --action order_shipped.label shop.fql\n"
               '  fqlc explain --row "Order 48213"\n'
               "  fqlc explain --sql sqlite shop.fql")  # fmt: skip
@click.argument("targets", nargs=-1, metavar="CODE | [FILE|FOLDER|PLAN]... | -")
@click.option(
    "--event", "event", metavar="FILE", help="Events, one envelope per line; - for standard input."
)
@click.option("--action", metavar="OBSERVER[.ACTION]", help="Only the policies of these.")
@click.option("--sql", "dialect", type=click.Choice(("sqlite", "postgresql")),
              help="Print each condition as a query.")  # fmt: skip
@click.option(
    "--row",
    metavar='"ENTITY KEY"',
    help="Why nothing came of the events of this row, as far as they are kept.",
)
@store_option("The store of --row, instead of the project's.")
@click.option("--list", "codes", is_flag=True, help="List all codes with their titles.")
@format_option()
@stdin_option
@source_options
def explain(
    targets: tuple[str, ...],
    *,
    event: str | None,
    action: str | None,
    dialect: str | None,
    row: str | None,
    store: str | None,
    codes: bool,
    form: str,
    settings: str | None,
) -> None:
    """Explain a code, what would happen for events, or the policies and schedules of actions.

    With a code such as FQL301: its page; with --list: all codes. With --event: which observers
    would match, why, and what would be sent; nothing is sent. With --sql: a query for the rows that
    an observer's condition selects, with its assumptions, or the reason why the database would
    answer differently. With --row: the events of a row that no observer matched, from a store, and
    which part of which condition was false. Otherwise: the effective policies, with the level each
    came from, and the retry schedule with its worst case.
    """
    from fqlc.cli.explaining.code import explain_code, list_codes, means_code

    if codes:
        list_codes(form)
        return
    if len(targets) == 1 and means_code(targets[0]):
        explain_code(targets[0], form)
        return
    if row is not None:
        from fqlc.cli.explaining.row import explain_row

        explain_row(row, store, settings, form)
        return
    targets, event = _with_events(targets, event)
    if event == STANDARD_INPUT and STANDARD_INPUT in targets:
        raise UsageError("standard input (-) is either the source or the events, not both")
    plan = plan_of(targets, settings)
    if event is not None:
        from fqlc.cli.explaining.event import explain_events

        explain_events(plan, event, form)
    elif dialect is not None:
        from fqlc.cli.explaining.sql import explain_sql

        explain_sql(plan, "sqlite" if dialect == "sqlite" else "postgresql", form)
    else:
        from fqlc.cli.explaining.policies import explain_policies

        explain_policies(_chosen(plan, action), form)


def _with_events(targets: tuple[str, ...], event: str | None) -> tuple[tuple[str, ...], str | None]:
    """`fqlc explain events.jsonl shop.fql` means the same as `--event events.jsonl`."""
    found = [t for t in targets if t.endswith(".jsonl")]
    if event is None and len(found) == 1:
        return tuple(t for t in targets if t not in found), found[0]
    return targets, event


def _actions(observer: Observer) -> list[str]:
    return [f"{observer.name}.{node.name}" for node in observer.nodes]


def _chosen(plan: Plan, action: str | None) -> Sequence[tuple[Observer, PlanNode]]:
    """The pairs of observer and action that are meant. Raises UsageError when there are none."""
    observer, _, name = (action or "").partition(".")
    pairs = [
        (o, n)
        for o in plan.observers
        for n in o.nodes
        if (not observer or o.name == observer) and (not name or n.name == name)
    ]
    if action and not pairs:
        names = [name for o in plan.observers for name in (o.name, *_actions(o))]
        hint = did_you_mean(action, names) or "see `fqlc list`"
        raise UsageError(f"there is no action `{action}`", hint=hint)
    return pairs
