"""`fqlc contract`: fetch the contracts of receivers, check them, and show what they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from fql.settings.model import Settings
from fql.terminal.commands import Commands
from fql.terminal.lines import data, json_line, prose, say
from fql.terminal.options import format_option
from fql.terminal.words import counted
from fqlc.checks.model import Program
from fqlc.cli.contract.differing import Drift, drifts
from fqlc.cli.contract.fetching import Fetched, fetched, source_of
from fqlc.cli.contract.shown import operation_lines, operation_row, shown
from fqlc.cli.contract.strict import unjudged
from fqlc.cli.contract.uses import files_of, used_of
from fqlc.cli.contract.writing import contract_bytes, must_be_valid, problem_of
from fqlc.cli.inputs import inputs, source_options
from fqlc.cli.shared.writing import write_whole
from fqlc.cli.show import show_diagnostics
from fqlc.contracts.faults import FaultyContract
from fqlc.contracts.library import Contracts
from fqlc.contracts.reading.documents import Documents
from fqlc.project.door import Door
from fqlc.project.errors import CommandError, SurroundingsError
from fqlc.project.settings import read_project_settings

_project = click.option(
    "--project", "paths", multiple=True, metavar="FILE|FOLDER",
    help="The sources; by default those of the project.",
)  # fmt: skip


@click.group(cls=Commands, epilog="\b\nExamples:\n  fqlc contract update crm\n"
             "  fqlc contract check --online\n  fqlc contract show crm")  # fmt: skip
def contract() -> None:
    """Fetch, check and show the contracts of receivers."""


@contract.command(epilog="\b\nExamples:\n  fqlc contract update\n  fqlc contract update crm")
@click.argument("endpoint", required=False)
@_project
@source_options
def update(endpoint: str | None, paths: tuple[str, ...], settings: str | None) -> None:
    """Fetch contracts from where `fql.toml` says, and tell what changes in operations in use."""
    door = inputs(paths, settings)
    program, given = door.check().program, read_project_settings(door.sources.settings)
    files = files_of(program, endpoint)
    wanted = {n: f for n, f in files.items() if endpoint is not None or n in given.contracts}
    if not wanted:
        raise SurroundingsError(
            "no contract has a source", 'write [contracts.NAME] source = "https://..." in fql.toml'
        )
    for name, file in wanted.items():
        _update(door, program, given, name, file)


def _update(door: Door, program: Program, settings: Settings, endpoint: str, file: str) -> None:
    found = _fetched(door, settings, endpoint)
    must_be_valid(found.document, f"the contract of `{endpoint}`")
    content = _content(found, file)
    now = Contracts({file: content}.get)
    used = used_of(program, file)
    try:
        paths = now.paths(file)
        changes = list(drifts(used, now, file))
    except FaultyContract as fault:
        raise SurroundingsError(f"{fault.said}", fault.hint) from None
    before = door.sources.read(file)
    if before != content:
        write_whole(file, content)
    _tell(changes)
    what = "is as it was" if before == content else "written"
    say(f"{file} {what}: {counted(len(paths), 'path')}, {_in_use(len(used), len(changes))}")


def _in_use(used: int, changed: int) -> str:
    return f"{changed or 'none'} of {counted(used, 'operation')} in use changed"


def _fetched(door: Door, settings: Settings, endpoint: str) -> Fetched:
    source = source_of(settings, endpoint, door.sources.settings or "fql.toml")
    return fetched(settings, endpoint, source)


def _content(found: Fetched, file: str) -> bytes:
    """The bytes of the file: those that came where they are whole and of its kind."""
    json = found.first.lstrip()[:1] == b"{"
    if found.alone and json == file.endswith(".json"):
        return found.first
    return contract_bytes(found.document, file)


def _tell(changes: Iterable[Drift]) -> None:
    for change in changes:
        prose(f"{change.operation}  used by {', '.join(change.by)}")
        for line in change.lines:
            prose(f"  {line}")


@contract.command(epilog="\b\nExamples:\n  fqlc contract check\n  fqlc contract check --online")
@_project
@click.option("--online", is_flag=True, help="Compare with what is served, operations in use only.")
@click.option("--strict", is_flag=True, help="List each place that nobody judges.")
@source_options
@click.pass_context
def check(
    ctx: click.Context, paths: tuple[str, ...], *, online: bool, strict: bool, settings: str | None
) -> None:
    """Check that contracts are valid and that webhooks fit them. Exit code 1 where not."""
    door = inputs(paths, settings)
    checked = door.check()
    files = files_of(checked.program, None)
    show_diagnostics(checked.diagnostics, checked.sources, "text", err=True)
    bad = checked.has_errors
    for file in sorted(set(files.values())):
        bad |= _is_invalid(door, file)
    for name, file in files.items() if online else ():
        bad |= _has_drifted(door, checked.program, name, file)
    for line in unjudged(checked.program) if strict else ():
        data(line)
    if not bad:
        say(f"{counted(len(files), 'contract')} checked")
    ctx.exit(1 if bad else 0)


def _is_invalid(door: Door, file: str) -> bool:
    try:
        value = Documents(door.sources.read).open(file).value
    except FaultyContract:
        return True  # it was reported by the check
    problem = problem_of(value) if isinstance(value, dict) else "it is not an object"
    if problem:
        prose(f"{file} is not valid: {problem}")
    return bool(problem)


def _has_drifted(door: Door, program: Program, endpoint: str, file: str) -> bool:
    settings = read_project_settings(door.sources.settings)
    if endpoint not in settings.contracts:
        return False
    found = _fetched(door, settings, endpoint)
    now = Contracts({file: contract_bytes(found.document, file)}.get)
    try:
        changes = list(drifts(used_of(program, file), now, file))
    except FaultyContract as fault:
        raise SurroundingsError(f"what is served for `{endpoint}`: {fault.said}", "") from None
    _tell(changes)
    if changes:
        say(f"what is served for `{endpoint}` has changed; "
            f"`fqlc contract update {endpoint}` fetches it")  # fmt: skip
    return bool(changes)


@contract.command(epilog="\b\nExamples:\n  fqlc contract show crm\n"
                  '  fqlc contract show crm "POST /orders/{id}/labels"')  # fmt: skip
@click.argument("endpoint")
@click.argument("operation", required=False)
@_project
@format_option()
@source_options
def show(
    endpoint: str, operation: str | None, paths: tuple[str, ...], form: str, settings: str | None
) -> None:
    """Show the operations of a contract, or the types of one."""
    door = inputs(paths, settings)
    program = door.check().program
    file = files_of(program, endpoint)[endpoint]
    contracts = Contracts(door.sources.read)
    try:
        rows = _rows(program, contracts, file)
        if operation is not None:
            _show_one(contracts, file, _named(operation, [str(r["operation"]) for r in rows]), form)
            return
    except FaultyContract as fault:
        raise CommandError(f"{file} cannot be used: {fault.said}", fault.hint) from None
    for row in rows:
        if form == "json":
            json_line(row)
        else:
            prose(operation_row(row))


def _rows(program: Program, contracts: Contracts, file: str) -> list[dict[str, object]]:
    used = {one.operation.name: one.by for one in used_of(program, file)}
    names = [f"{m} {path}" for path, methods in contracts.paths(file).items() for m in methods]
    return [{"operation": name, "used_by": list(used.get(name, ()))} for name in names]


def _named(wanted: str, names: Sequence[str]) -> tuple[str, str]:
    """The operation that is meant: `POST /x`, or a path alone where it has one method."""
    found = [name for name in names if name == wanted or name.partition(" ")[2] == wanted]
    if len(found) != 1:
        from fql.near import did_you_mean

        what = "there is no operation" if not found else "there are several operations"
        raise CommandError(f"{what} `{wanted}`", did_you_mean(wanted, names))
    method, _, path = found[0].partition(" ")
    return method, path


def _show_one(contracts: Contracts, file: str, name: tuple[str, str], form: str) -> None:
    found = shown(contracts.operation(file, *name))
    if form == "json":
        json_line(found.as_json())
        return
    for line in operation_lines(found):
        prose(line)
