"""`fqlc diff`: what changes for receivers between two plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import click

from fql.terminal.lines import data, json_line, prose, say
from fql.terminal.options import format_option
from fqlc.cli.inputs import cache_option
from fqlc.cli.plans import plan_of
from fqlc.exporting.changes.differences import Area, Change, differences
from fqlc.exporting.changes.reports import github, markdown

FAILING: Mapping[str, Callable[[Change], bool]] = {
    "noticeable": lambda change: change.breaking or change.area is not Area.COSMETIC,
    "breaking": lambda change: change.breaking,
}
"""Which changes make the exit code 1."""


@click.command(epilog="\b\nExamples:\n  fqlc diff old.plan.json new.plan.json\n"
               "  fqlc diff --fail-on breaking deployed.json .\n"
               "  fqlc diff --format markdown deployed.json .")  # fmt: skip
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@format_option(
    ("text", "json", "markdown", "github"),
    text="Output for people, one JSON object per line, a summary in Markdown, or annotations of "
    "GitHub.",
)
@click.option(
    "--fail-on", type=click.Choice(list(FAILING)), default="noticeable", show_default=True,
    help="Which changes make the exit code 1.",
)  # fmt: skip
@click.option("--exit-zero", is_flag=True, help="Exit with 0, whatever changes.")
@cache_option
@click.pass_context
def diff(
    ctx: click.Context, old: str, new: str, *, form: str, fail_on: str, exit_zero: bool
) -> None:
    """Show what changes between two plans (or sources).

    \b
    triggers   which events start a run, and which actions take part
    payload    what a receiver gets: target, headers, body, signature
    delivery   when, how often and in which order it is sent
    cosmetic   what no receiver can notice

    A change is breaking where a receiver of the old plan may get what it does not know: a property
    or header that is gone, another type, null or an enum member more, another url, method or
    signature, batches on or off, an action that is gone. Without one, every body of the new plan is
    valid by the schema that `fqlc export` writes of the old one.

    Exit code 1 when receivers may notice a change, or with `--fail-on breaking` when one may break;
    else 0.
    """
    found = differences(plan_of([old]), plan_of([new]))
    _SHOWN[form](found)
    if not found:
        say("nothing changed")
    ctx.exit(1 if any(map(FAILING[fail_on], found)) and not exit_zero else 0)


def _as_text(found: Sequence[Change]) -> None:
    area = None
    for change in found:
        if change.area is not area:
            area = change.area
            prose(click.style(area.value, bold=True))
        mark = click.style("breaking: ", fg="red", bold=True) if change.breaking else ""
        prose(f"  {mark}{change.where}: {change.what}")


def _as_json(found: Sequence[Change]) -> None:
    for change in found:
        json_line(change.as_json())


def _as_markdown(found: Sequence[Change]) -> None:
    data(markdown(found))


def _as_annotations(found: Sequence[Change]) -> None:
    for line in github(found):
        data(line)


_SHOWN: Mapping[str, Callable[[Sequence[Change]], None]] = {
    "text": _as_text,
    "json": _as_json,
    "markdown": _as_markdown,
    "github": _as_annotations,
}
