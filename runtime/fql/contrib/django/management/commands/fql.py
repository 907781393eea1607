"""`manage.py fql run`: any command of `fqlc`, with Django set up and the plan of the settings."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from typing import Any

from django.core.management.base import BaseCommand

from fql.contrib.django import given
from fql.errors import FqlError
from fql.store.opening import SETTINGS_FILE


class Command(BaseCommand):  # type: ignore[misc]
    """Hands its arguments to `fqlc`."""

    help = "Run a command of fqlc; `fql run` takes FQL_PLAN where no plan is named."
    requires_system_checks: list[str] = []  # noqa: RUF012 - as Django declares it

    def run_from_argv(self, argv: list[str]) -> None:
        """Everything after `fql` belongs to fqlc, options too."""
        self.execute_fqlc(argv[2:])

    def handle(self, *args: str, **_: Any) -> None:
        """For `call_command("fql", "run")`."""
        self.execute_fqlc(list(args))

    def add_arguments(self, parser: Any) -> None:
        """Words for fqlc."""
        parser.add_argument("args", nargs="*")

    def execute_fqlc(self, words: list[str]) -> None:
        """Run it in this process; it ends with SystemExit."""
        try:
            arguments = completed(words)
        except FqlError as error:
            self.stderr.write(f"error: {error.message}\n  help: {error.hint}")
            raise SystemExit(2) from error
        (script,) = entry_points(group="console_scripts", name="fqlc")
        sys.argv = ["fqlc", *arguments]
        raise SystemExit(script.load()())


def completed(words: list[str]) -> list[str]:
    """The words of `run` with the plan and the settings of the project, where they name none.
    Raises UsageError."""
    if words[:1] != ["run"]:
        return words
    named = any(word.endswith((".json", ".fql")) for word in words[1:])
    plan = None if named else given.plan_file()
    settings = given.settings_file() or (plan and plan.with_name(SETTINGS_FILE))
    more = []
    if settings and settings.exists() and "--settings" not in words:
        more += ["--settings", str(settings)]
    return [*words, *more, *([str(plan)] if plan else [])]
