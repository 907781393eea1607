"""`fqlc doctor`: check the environment of a project."""

from __future__ import annotations

import time

import click

from fql.cli.examining import (
    descriptors,
    examine,
    examine_actions,
    examine_engine,
    examine_intake,
    examine_receivers,
    examine_streams,
)
from fql.cli.examining.finding import Finding
from fql.cli.operating.production import examined as production_faults
from fql.cli.operating.versions import versions
from fql.cli.project import Project, find_project, plan_of, settings_option, store_option
from fql.errors import SettingsError, UsageError
from fql.terminal.lines import json_line, prose
from fql.terminal.options import format_option
from fql.terminal.words import counted

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command(
    epilog="\b\nExamples:\n  fqlc doctor plan.json\n  fqlc doctor --offline --format json\n"
    "  fqlc doctor --production --strict plan.json"
)
@click.argument("sources", nargs=-1, metavar="[PLAN.json | SOURCES...]")
@store_option
@settings_option
@format_option()
@click.option("--offline", is_flag=True, help="Do not contact the receivers.")
@click.option("--production", is_flag=True, help="Check what matters where it runs for good, too.")
@click.option("--strict", is_flag=True, help="With --production: warnings count as well.")
def doctor(
    *,
    sources: tuple[str, ...],
    store: str | None,
    settings_file: str | None,
    form: str,
    offline: bool,
    production: bool,
    strict: bool,
) -> None:
    """Check the environment: settings, secrets, store, receivers.

    It checks triggers, clock and limits too. Exit code 1 when something is wrong. With --production
    it says what would not do where it runs for good, and measures how fast the disk of the store
    is.
    """
    if strict and not production:
        raise UsageError("--strict needs --production")
    project = find_project(settings_file)
    plan = plan_of(sources, project)
    findings = [Finding("settings", "ok", str(project.file or "no fql.toml; defaults"))]
    findings.append(
        Finding("plan", "ok", f"{counted(len(plan.observers), 'observer')}, {plan.digest[:19]}")
    )
    findings.append(Finding("versions", "ok", "; ".join(map(" ".join, versions()))))
    project, missing = _resolved(project)
    findings += missing
    findings += examine.secrets(plan, project.secrets)
    findings += examine_receivers.security(plan, project.secrets, time.time())
    findings += examine.store(project.store_place(store), project.settings.store.max_size)
    findings += examine.sources(project, plan)
    findings += examine_intake.intakes(project.settings)
    if not offline:
        findings += examine_receivers.contacted(plan, project.secrets, project.settings)
    findings += examine_actions.publishing(project, plan, offline=offline)
    findings += examine_streams.streams(project, offline=offline)
    findings += examine_actions.functions(project, plan)
    findings += examine_engine.metrics(project.settings.observability.prometheus)
    findings += examine_engine.engines(project.store_place(store))
    findings += descriptors.examined(plan, project.settings)
    findings += examine.privileges()
    if production:
        findings += production_faults(project, plan, project.store_place(store))
    _show(findings, form)
    wrong = {"problem", "warning"} if strict else {"problem"}
    if any(finding.level in wrong for finding in findings):
        raise click.exceptions.Exit(1)


def _resolved(project: Project) -> tuple[Project, list[Finding]]:
    try:
        return project.resolved(), []
    except SettingsError as error:
        return project, [Finding("settings", "problem", error.message)]


def _show(findings: list[Finding], form: str) -> None:
    for finding in findings:
        if form == "json":
            json_line({"subject": finding.subject, "level": finding.level,
                       "message": finding.message})  # fmt: skip
        else:
            level = click.style(f"{finding.level:8}", fg=COLOURS[finding.level])
            prose(f"{level} {finding.subject}: {finding.message}", hang=9)
