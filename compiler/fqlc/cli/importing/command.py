"""`fqlc import`: entities from what exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from fql.errors import UsageError
from fql.terminal.lines import problem, say
from fql.terminal.options import format_option
from fql.terminal.words import counted
from fqlc.cli.importing.checking import check_drift
from fqlc.cli.importing.into import merge_into
from fqlc.cli.importing.observers import write_observers
from fqlc.cli.importing.output import Printed, write_new
from fqlc.importing.declarations import Group, declared
from fqlc.importing.merging.edits import Merging
from fqlc.importing.model import Catalog
from fqlc.importing.reading import OF_OBSERVERS, Wish, named, read_catalog
from fqlc.importing.recognising import DIALECTS, KINDS, kind_of
from fqlc.importing.writing import candidates, file_text

EXAMPLES = """\b
Examples:
  fqlc import shop.db > shop.fql
  fqlc import sqlite:///shop.db -o shop.fql --table 'order*'
  fqlc import postgresql://localhost/shop --into shop.fql
  fqlc import postgresql://localhost/shop --check
"""


@click.command("import", epilog=EXAMPLES)
@click.argument("sources", nargs=-1, metavar="SOURCE...", required=True)
@click.option("--from", "kind", type=click.Choice(KINDS), help="What the source is.")
@click.option("-o", "--output", metavar="FILE", help="Write a new file instead of standard output.")
@click.option("--into", metavar="FILE", help="Change a file, and only what differs in it.")
@click.option("--prune", is_flag=True, help="With --into: take out fields without a column.")
@click.option("--diff", is_flag=True, help="With --into: print what would change; write nothing.")
@click.option(
    "--check", "only_check", is_flag=True, help="Only compare; fail if something differs."
)
@click.option("--complete", is_flag=True, help="With --check: also report columns without a field.")
@click.option(
    "--verify",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --check: also read N rows of each table.",
)
@click.option(
    "--table", "tables", multiple=True, metavar="GLOB", help="Only tables with this name."
)
@click.option(
    "--name", "names", multiple=True, metavar="TABLE=ENTITY", help="Name the entity of a table."
)
@click.option("--dialect", type=click.Choice(DIALECTS), help="The dialect of a *.sql file.")
@click.option("--views", is_flag=True, help="Import views too.")
@click.option(
    "--mark-sensitive", "mark", is_flag=True, help="Mark likely personal data @sensitive."
)
@click.option(
    "--python", metavar="PROGRAM", help="The Python that imports models, whose code runs."
)
@click.option("--database", metavar="URL", help="For Hasura's metadata: where the tables are.")
@click.option("--bare", is_flag=True, help='For observers: write "{{ id }}" as the field id.')
@click.option(
    "--partial",
    is_flag=True,
    help="For observers: exit with 0 even if something could not be read.",
)
@format_option()
@click.pass_context
def import_(
    ctx: click.Context,
    sources: tuple[str, ...],
    *,
    kind: str | None,
    output: str | None,
    into: str | None,
    prune: bool,
    diff: bool,
    only_check: bool,
    complete: bool,
    verify: int | None,
    tables: tuple[str, ...],
    names: tuple[str, ...],
    dialect: str | None,
    views: bool,
    python: str | None,
    database: str | None,
    bare: bool,
    partial: bool,
    mark: bool,
    form: str,
) -> None:
    """Write entities from a database, its DDL, or the models of an application.

    Exit code 1 when something could not be read, or when --check or --diff found something.
    """
    _require(into, output, {"--prune": prune, "--diff": diff}, only_check=only_check)
    _require_check({"--complete": complete, "--verify": bool(verify)}, only_check=only_check)
    chosen = kind or _one_kind(sources)
    if chosen in OF_OBSERVERS:
        if into is not None or only_check:
            raise UsageError("observers are not merged", hint="write a new file: -o FILE")
        ctx.exit(
            write_observers(
                chosen,
                sources,
                Wish(bare=bare, database=database or ""),
                output,
                form,
                partial=partial,
            )
        )
    catalog = read_catalog(
        chosen,
        sources,
        Wish(() if only_check or into else tables, views, dialect or "", python or ""),
    )
    if only_check:
        found = check_drift(into, catalog, sources, complete=complete, rows=verify or 0, form=form)
        ctx.exit(found)
    if into is not None:
        _say_problems(catalog)
        if prune and catalog.problems:
            raise UsageError("--prune needs sources that can be read in full")
        merging = Merging(
            _renamed(names, catalog), prune=prune, add=named(catalog, tables), mark=mark
        )
        done = merge_into(into, catalog, merging, diff=diff)
        ctx.exit(done or (1 if catalog.problems else 0))
    groups = declared(catalog, _renamed(names, catalog))
    if not groups:
        _say_problems(catalog)
        raise UsageError("the source has no tables", hint="check the source, or add --views")
    text = file_text(groups, mark=mark)
    printed = Printed(form)
    if output is not None:
        write_new(output, text)
    else:
        printed.text(text)
    printed.entities(groups)
    _say_problems(catalog)
    _say_candidates(groups, mark=mark)
    ctx.exit(1 if catalog.problems else 0)


def _require(
    into: str | None, output: str | None, given: Mapping[str, bool], *, only_check: bool
) -> None:
    if into is not None and output is not None:
        raise UsageError("--into changes a file and -o writes a new one", hint="leave out one")
    if only_check and output is not None:
        raise UsageError("--check writes nothing", hint="leave out -o")
    for option, there in given.items():
        if there and (into is None or only_check):
            raise UsageError(f"{option} belongs to --into FILE")


def _require_check(given: Mapping[str, bool], *, only_check: bool) -> None:
    for option, there in given.items():
        if there and not only_check:
            raise UsageError(f"{option} belongs to --check")


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
    for one in catalog.remarks:
        say(one)
    for one in catalog.problems:
        problem("warning", one)


def _say_candidates(groups: Sequence[Group], *, mark: bool) -> None:
    found = candidates(groups)
    if found and not mark:
        shown = ", ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else "")
        these = counted(len(found), "field")
        say(f"{these} may hold personal data: {shown}; --mark-sensitive marks them @sensitive")
