"""The runtime's commands. `fqlc` mounts them; each is imported when it is called.

The runtime never imports the compiler. Where a command takes `.fql` sources, it asks the loader
that the program around it has put into the click context:

    context.meta["fql.plan_loader"] = loader    # loader(paths: tuple[str, ...], settings) -> bytes

The loader compiles the files with a settings file, or with the nearest one for None, and gives the
bytes of the plan. When the sources have errors it
prints the diagnostics itself and raises `click.exceptions.Exit(1)`.
"""

from __future__ import annotations

from collections.abc import Mapping

PLAN_LOADER = "fql.plan_loader"
"""Key of the loader in `click.Context.meta`."""
PLAN_DIFFERENCES = "fql.plan_differences"
"""Key, in the same place, of what says in words what changes between two plans: a function of both
that gives pairs of where and what. The page of `fqlc ui` shows it."""


RUNTIME_COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": (
        "fql.cli.running.run:run",
        "Run a plan: accept events, make the calls, lose none.",
    ),
    "emit": (
        "fql.cli.stored.emit:emit",
        "Put events into a store: envelopes, one JSON object per line.",
    ),
    "runs": (
        "fql.cli.stored.runs:runs",
        "List runs, cancel them, send them again.",
    ),
    "dlq": (
        "fql.cli.stored.dlq:dlq",
        "Look at dead letters, replay or discard them.",
    ),
    "trace": (
        "fql.cli.stored.trace:trace",
        "Tell the story of one event, run or row: every action, every attempt.",
    ),
    "store": (
        "fql.cli.stored.store:store",
        "Look after a store.",
    ),
    "observability": (
        "fql.cli.observability:observability",
        "Write alert rules for Prometheus, or a dashboard for Grafana.",
    ),
    "pause": (
        "fql.cli.stored.pause:pause",
        "Stop sending to an endpoint or for an observer.",
    ),
    "resume": (
        "fql.cli.stored.pause:resume",
        "Send again what `fqlc pause` has stopped.",
    ),
    "ui": (
        "fql.cli.ui:ui",
        "Serve a page that shows what needs you.",
    ),
    "capture": (
        "fql.cli.capture:capture",
        "Capture changed rows of a SQLite or PostgreSQL database by triggers.",
    ),
    "status": (
        "fql.cli.operating.status:status",
        "Show engine, plan, sources, what waits and what is dead.",
    ),
    "support": (
        "fql.cli.operating.support:support",
        "Gather settings, plan, status and log into one file, for a report of a fault.",
    ),
    "health": (
        "fql.cli.operating.health:health",
        "Ask the engine of this machine whether it works: exit code 0, or 1.",
    ),
    "doctor": (
        "fql.cli.operating.doctor:doctor",
        "Check the environment: settings, secrets, store, receivers.",
    ),
    "init": (
        "fql.cli.init:init",
        "Write a small project that is ready to run.",
    ),
    "demo": (
        "fql.cli.demo.demo:demo",
        "Show fql at work on this machine.",
    ),
}
"""Where each command is, as `module:attribute`, and its line in the help."""


def commands() -> dict[str, str]:
    """Each command's name and where it is."""
    return {name: place for name, (place, _) in RUNTIME_COMMANDS.items()}
