"""Commands that take sources or a plan: its data either way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from fql.exact.reading import read_object
from fqlc.cli.inputs import inputs
from fqlc.cli.show import show_diagnostics
from fqlc.project.errors import SurroundingsError


def plan_data(paths: Sequence[str], settings: str | None = None) -> Mapping[str, Any]:
    """The plan of one `.json` file, or of sources. Ends with 1 when they have errors."""
    if len(paths) == 1 and paths[0].endswith(".json"):
        return _stored(Path(paths[0]))
    compiled = inputs(paths, settings).compile()
    show_diagnostics(compiled.diagnostics, compiled.sources, "text", err=True)
    if compiled.plan is None:
        raise click.exceptions.Exit(1)
    return read_object(compiled.plan, floats=True)


def _stored(path: Path) -> Mapping[str, Any]:
    from fql.errors import PlanError
    from fql.plan.codec import read_plan
    from fql.plan.files import LONGEST_PLAN, read_regular

    try:
        data = read_regular(path, LONGEST_PLAN)
        read_plan(data)
    except OSError as error:
        text = f"{path} cannot be read: {error.strerror}"
        raise SurroundingsError(text, "check the path") from None
    except PlanError as error:
        raise SurroundingsError(f"{path}: {error.message}", error.hint) from None
    return read_object(data, floats=True)
