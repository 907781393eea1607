"""`fqlc import --check`: does the program fit the tables? Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.terminal.lines import say
from fql.terminal.words import counted
from fqlc.cli.importing.verifying import verified
from fqlc.cli.inputs import inputs
from fqlc.cli.show import show_diagnostics
from fqlc.diagnostics.suppress import Remark, suppress
from fqlc.importing.merging.drift import drift
from fqlc.importing.model import Catalog
from fqlc.names.project import Project
from fqlc.pipeline import Checked, plan_of


def check_drift(
    into: str | None, catalog: Catalog, sources: Sequence[str], *,
    complete: bool, rows: int, form: str,
) -> int:  # fmt: skip
    """Compare the file `into`, or else the project, with the tables; the exit code."""
    checked = inputs([into] if into else []).check()
    plan = _plan(checked)
    project = checked.program.project
    found = drift(plan, project, checked.sources, catalog, complete=complete)
    kept = suppress(found, _remarks(project), checked.sources)
    kept = tuple(one for one in kept if one.code != "FQL208")
    show_diagnostics(kept, checked.sources, form)
    unfit = [one for source in sources for one in verified(source, plan, rows)] if rows else []
    for sample in unfit:
        say(str(sample))
    if not kept and not unfit:
        fits = counted(sum(1 for entity in plan.entities if entity.table), "entity", "entities")
        say(f"{fits} compared with the tables, nothing differs")
    return 1 if kept or any(sample.unfit for sample in unfit) else 0


def _plan(checked: Checked) -> Plan:
    """The plan. Raises click's Exit where there are errors."""
    data = plan_of(checked)
    if data is None:
        show_diagnostics(checked.diagnostics, checked.sources, "text", err=True)
        raise click.exceptions.Exit(1)
    return read_plan(data)


def _remarks(project: Project) -> tuple[Remark, ...]:
    return tuple(Remark(c.span, c.text) for file in project.files for c in file.comments)
