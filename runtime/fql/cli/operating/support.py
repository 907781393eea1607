"""`fqlc support`: what a report of a fault needs, in one file, without secrets."""

from __future__ import annotations

import io
import platform
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

import click

from fql.cli.operating.status import looked
from fql.cli.project import Project, find_project, plan_of, settings_option, store_option
from fql.egress.sealing.secrets import Masker
from fql.errors import FqlError, UsageError, advice_on_file, masked_urls
from fql.exact.writing import pretty_json
from fql.plan.environment import references_in
from fql.plan.model import Plan
from fql.plan.stored.codec import write_plan
from fql.settings.environment import names_of
from fql.terminal.lines import say
from fql.version import VERSION

LAST = 2_000_000
"""Bytes at the end of a log that are taken."""
HIDDEN = ("token", "credentials", "secret", "password")
MASK = "***"


class SupportError(FqlError):
    """The archive cannot be written."""


@click.command(
    epilog="\b\nExamples:\n  fqlc support plan.json\n"
    "  journalctl -u fql --since today > fql.log; fqlc support plan.json --log fql.log"
)
@click.argument("sources", nargs=-1, metavar="[PLAN.json | SOURCES...]")
@click.option("--log", "logs", multiple=True, metavar="FILE", help="A log; its end is taken.")
@click.option("-o", "--output", metavar="FILE", help="The archive to write (.tar.gz).")
@store_option
@settings_option
def support(
    sources: tuple[str, ...],
    logs: tuple[str, ...],
    output: str | None,
    store: str | None,
    settings_file: str | None,
) -> None:
    """Gather settings, plan, status and log into one file, for a report of a fault.

    Values of `${NAME}`s, tokens and passwords are masked, wherever they are. Rows of your tables
    are not in it, unless a log holds them: read it before you give it away.
    """
    project = find_project(settings_file)
    plan = plan_of(sources, project)
    hide = _masker(project, plan)
    files = {
        "versions.txt": f"fqlc {VERSION}\nPython {platform.python_version()}\n"
        f"{platform.platform()}\n",
        "settings.json": _json(shown(project.settings.model_dump(by_alias=True, mode="json"))),
        "plan.json": write_plan(plan).decode(),
        "status.json": _status(store, settings_file),
        **{f"logs/{Path(log).name}": _end_of(Path(log)) for log in logs},
    }
    target = Path(output or f"fql-support-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.tar.gz")
    _archived(target, {name: hide.text(masked_urls(text)) for name, text in files.items()})
    say(f"wrote {target}: {', '.join(files)}")


def _masker(project: Project, plan: Plan) -> Masker:
    names = {*names_of(project.settings), *plan.names}
    return Masker(value for name in names if (value := project.secrets.get(name)) is not None)


def shown(value: object, key: str = "") -> object:
    """Settings without what is written into them as it is and should not be seen."""
    if isinstance(value, Mapping):
        return {name: shown(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item, key) for item in value]
    secret = any(word in key for word in HIDDEN)
    named = isinstance(value, str) and any(references_in(value))
    return MASK if secret and value and not named else value


def _json(value: object) -> str:
    return pretty_json(value).decode()


def _status(store: str | None, settings_file: str | None) -> str:
    try:
        return _json(looked(store, settings_file).as_json())
    except FqlError as error:
        return _json({"error": error.message, "help": error.hint})


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LAST))
            return file.read().decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"the log {log} cannot be read: {error.strerror}") from None


def _archived(target: Path, files: Mapping[str, str]) -> None:
    try:
        target.touch(0o600)
        target.chmod(0o600)
        with tarfile.open(target, "w:gz") as archive:
            for name, text in files.items():
                content = text.encode()
                member = tarfile.TarInfo(f"fql-support/{name}")
                member.size, member.mtime, member.mode = len(content), int(time.time()), 0o600
                archive.addfile(member, io.BytesIO(content))
    except OSError as error:
        advice = advice_on_file(error, written=True)
        raise SupportError(f"{target} cannot be written: {error.strerror}", hint=advice) from error
