"""`fqlc observability`: alert rules and a dashboard for the metrics of this project."""

from __future__ import annotations

import re
from pathlib import Path

import click

from fql.cli.project import find_project, settings_option
from fql.errors import FqlError, UsageError, advice_on_file
from fql.exact.writing import pretty_json
from fql.observe.alerts import rules
from fql.observe.dashboard import dashboard as grafana
from fql.terminal.commands import Commands
from fql.terminal.lines import data, say

namespace_option = click.option(
    "--namespace", metavar="NAME", help="Prefix of the metrics' names, if not that of the settings."
)
output_option = click.option(
    "-o", "--output", metavar="FILE", help="Write there instead of standard output."
)


class OutputError(FqlError):
    """The file cannot be written."""


@click.group(
    cls=Commands,
    epilog="\b\nExamples:\n  fqlc observability alerts -o fql.rules.yml\n"
    "  fqlc observability dashboard -o fql.dashboard.json",
)
def observability() -> None:
    """Write alert rules for Prometheus, or a dashboard for Grafana.

    They read the metrics that `[observability.prometheus]` switches on.
    """


@observability.command(
    epilog="\b\nExamples:\n  fqlc observability alerts -o fql.rules.yml\n"
    "  fqlc observability alerts --namespace fraiseql\n"
    "  fqlc observability alerts --runbooks https://wiki.example.com/fql/{alert}"
)
@namespace_option
@output_option
@settings_option
@click.option(
    "--runbooks", metavar="URL", default="", help="Where the page of each alert is; {alert} in it."
)
def alerts(
    namespace: str | None, output: str | None, settings_file: str | None, runbooks: str
) -> None:
    """Alert rules for Prometheus (a file for `rule_files`).

    With --runbooks each alert has a `runbook_url`: the URL with its name for `{alert}`, or at its
    end. The pages are in docs/runbooks.
    """
    if runbooks and not runbooks.startswith(("https://", "http://")):
        raise UsageError(f"{runbooks!r} is not a URL", hint="https://wiki.example.com/fql/{alert}")
    _write_document(rules(_namespace(namespace, settings_file), runbooks), output)


@observability.command(epilog="\b\nExamples:\n  fqlc observability dashboard -o fql.dashboard.json")
@namespace_option
@output_option
@settings_option
def dashboard(namespace: str | None, output: str | None, settings_file: str | None) -> None:
    """A dashboard for Grafana (import the file)."""
    content = grafana(_namespace(namespace, settings_file))
    _write_document(pretty_json(content).decode(), output)


def _namespace(given: str | None, settings_file: str | None) -> str:
    if given is not None:
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", given):
            raise UsageError(f"{given!r} cannot be the prefix of a series", hint="try `fql`")
        return given
    prometheus = find_project(settings_file).settings.observability.prometheus
    return "fql" if prometheus is None else prometheus.namespace


def _write_document(text: str, output: str | None) -> None:
    if output is None:
        data(text.removesuffix("\n"))
        return
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        advice = advice_on_file(error, written=True)
        raise OutputError(f"{output} cannot be written: {error.strerror}", hint=advice) from error
    say(f"wrote {output}")
