"""Commands that take sources or a plan: the plan as a model either way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fqlc.cli.inputs import inputs
from fqlc.cli.shared.watching import Round
from fqlc.cli.show import show_diagnostics
from fqlc.project.errors import SurroundingsError

if TYPE_CHECKING:  # its library takes a while to import: not before there is a plan
    from fql.plan.model import Plan


def plan_of(paths: Sequence[str], settings: str | None = None) -> Plan:
    """The plan of one `.json` file, or of sources. `settings` is the path of a settings file to
    use instead of `fql.toml`. Ends with 1 when the sources have errors."""
    plan, _ = plan_and_round(paths, settings)
    if plan is None:
        raise click.exceptions.Exit(1)
    return plan


def plan_and_round(
    paths: Sequence[str], settings: str | None = None, *, again: bool = False
) -> tuple[Plan | None, Round]:
    """The same, None where sources have errors, with what a round of `--watch` knows of it;
    `again` says that more rounds follow."""
    if len(paths) == 1 and paths[0].endswith(".json"):
        return _stored(Path(paths[0])), Round(1, 0, (paths[0],))
    compiled = inputs(paths, settings, again=again).compile()
    show_diagnostics(compiled.diagnostics, compiled.sources, "text", err=True)
    if compiled.plan is None:
        return None, Round.of(compiled)
    from fql.plan.stored.codec import read_plan

    return read_plan(compiled.plan), Round.of(compiled)


def _stored(path: Path) -> Plan:
    from fql.errors import PlanError
    from fql.plan.stored.codec import read_plan
    from fql.plan.stored.files import LONGEST_PLAN, read_regular

    try:
        return read_plan(read_regular(path, LONGEST_PLAN))
    except OSError as error:
        text = f"{path} cannot be read: {error.strerror}"
        raise SurroundingsError(text, "check the path") from None
    except PlanError as error:
        raise SurroundingsError(f"{path}: {error.message}", error.hint) from None
