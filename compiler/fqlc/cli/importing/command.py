"""`fqlc import`: entities from what exists."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fql.errors import UsageError
from fql.terminal.commands import format_option
from fql.terminal.lines import problem, say
from fql.terminal.words import counted
from fqlc.cli.importing.output import Printed, write_new
from fqlc.importing.declarations import Group, declared
from fqlc.importing.model import Catalog
from fqlc.importing.reading import Wish, read_catalog
from fqlc.importing.recognising import KINDS, kind_of
from fqlc.importing.writing import candidates, file_text

EXAMPLES = """\b
Examples:
  fqlc import shop.db > shop.fql
  fqlc import sqlite:///shop.db -o shop.fql --table 'order*'
"""


@click.command("import", epilog=EXAMPLES)
@click.argument("sources", nargs=-1, metavar="SOURCE...", required=True)
@click.option("--from", "kind", type=click.Choice(KINDS), help="What the source is.")
@click.option("-o", "--output", metavar="FILE", help="Write a new file instead of standard output.")
@click.option("--table", "tables", multiple=True, metavar="GLOB", help="Only tables of this name.")
@click.option("--name", "names", multiple=True, metavar="TABLE=ENTITY", help="Name an entity.")
@click.option("--views", is_flag=True, help="Also views.")
@click.option(
    "--mark-sensitive", "mark", is_flag=True, help="Mark likely personal data @sensitive."
)
@format_option()
@click.pass_context
def import_(
    ctx: click.Context,
    sources: tuple[str, ...],
    *,
    kind: str | None,
    output: str | None,
    tables: tuple[str, ...],
    names: tuple[str, ...],
    views: bool,
    mark: bool,
    form: str,
) -> None:
    """Write entities from a database, its DDL, or the models of an application.

    Exit code 1 when something could not be read.
    """
    chosen = kind or _one_kind(sources)
    catalog = read_catalog(chosen, sources, Wish(tables, views=views))
    groups = declared(catalog, _renamed(names, catalog))
    if not groups:
        _say_problems(catalog)
        raise UsageError("there are no tables in it", hint="look at the source, or ask for --views")
    text = file_text(groups, catalog.notes, mark=mark)
    printed = Printed(form)
    if output is not None:
        write_new(output, text)
    else:
        printed.text(text)
    printed.entities(groups)
    _say_problems(catalog)
    _say_candidates(groups, mark=mark)
    ctx.exit(1 if catalog.problems else 0)


def _one_kind(sources: Sequence[str]) -> str:
    kinds = {kind_of(source): source for source in sources}
    if len(kinds) > 1:
        raise UsageError(
            f"the sources are of several kinds: {', '.join(kinds)}", hint="import one after another"
        )
    return next(iter(kinds))


def _renamed(names: Sequence[str], catalog: Catalog) -> dict[str, str]:
    found = {}
    known = {table.name for table in catalog.tables}
    for name in names:
        table, sign, entity = name.partition("=")
        table = table.removeprefix("public.")
        if not sign or not entity.isidentifier() or not entity.isascii():
            raise UsageError(f"--name {name} is not TABLE=ENTITY", hint="write --name orders=Order")
        if table not in known:
            raise UsageError(f"--name {name}: there is no table `{table}`")
        found[table] = entity
    return found


def _say_problems(catalog: Catalog) -> None:
    for one in catalog.problems:
        problem("warning", one)


def _say_candidates(groups: Sequence[Group], *, mark: bool) -> None:
    found = candidates(groups)
    if found and not mark:
        shown = ", ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else "")
        these = counted(len(found), "field")
        say(f"{these} may hold personal data: {shown}; --mark-sensitive marks them @sensitive")
