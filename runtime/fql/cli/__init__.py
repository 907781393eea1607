"""The runtime's commands. `fqlc` mounts them; each is imported when it is called.

The runtime never imports the compiler. Where a command takes `.fql` sources, it asks the loader
that the program around it has put into the click context:

    context.meta["fql.plan_loader"] = loader    # loader(paths: tuple[str, ...], settings) -> bytes

The loader compiles the files with a settings file, or with the nearest one for None, and gives the
bytes of the plan. When the sources have errors it
prints the diagnostics itself and raises `click.exceptions.Exit(1)`.
"""

from __future__ import annotations

PLAN_LOADER = "fql.plan_loader"
"""Key of the loader in `click.Context.meta`."""
PLAN_DIFFERENCES = "fql.plan_differences"
"""Key, in the same place, of what says in words what changes between two plans: a function of both
that gives pairs of where and what. The page of `fqlc ui` shows it."""


def commands() -> dict[str, str]:
    """Each command's name and where it is, as `module:attribute`."""
    return {
        "run": "fql.cli.running.run:run",
        "emit": "fql.cli.stored.emit:emit",
        "runs": "fql.cli.stored.runs:runs",
        "dlq": "fql.cli.stored.dlq:dlq",
        "trace": "fql.cli.stored.trace:trace",
        "store": "fql.cli.stored.store:store",
        "observability": "fql.cli.observability:observability",
        "pause": "fql.cli.stored.pause:pause",
        "resume": "fql.cli.stored.pause:resume",
        "ui": "fql.cli.ui:ui",
        "capture": "fql.cli.capture:capture",
        "status": "fql.cli.operating.status:status",
        "support": "fql.cli.operating.support:support",
        "health": "fql.cli.operating.health:health",
        "doctor": "fql.cli.operating.doctor:doctor",
        "init": "fql.cli.init:init",
        "demo": "fql.cli.demo.demo:demo",
    }
