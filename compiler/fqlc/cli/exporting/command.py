"""`fqlc export`: OpenAPI and JSON Schema of what a plan sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from fql.errors import UsageError
from fql.near import did_you_mean
from fql.terminal.lines import raw, say
from fqlc.cli.exporting.target import Target
from fqlc.cli.inputs import inputs
from fqlc.cli.plans import plan_of
from fqlc.cli.show import show_diagnostics
from fqlc.exporting.documents import ENDINGS, Options, by_endpoint, endpoints_of, whole
from fqlc.project.files import project_settings

if TYPE_CHECKING:
    from fql.plan.model import Plan
    from fqlc.exporting.wanted import Example


@click.command("export", epilog="\b\nExamples:\n  fqlc export openapi -o webhooks.json .\n"
               "  fqlc export openapi --endpoint crm plan.json\n"
               "  fqlc export jsonschema -o schemas/ --check .")  # fmt: skip
@click.argument("form", metavar="openapi|jsonschema", type=click.Choice(list(ENDINGS)))
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER|PLAN]...")
@click.option("--endpoint", metavar="NAME", help="Only what this endpoint gets.")
@click.option("--closed", is_flag=True, help="Allow no keys besides those that are sent now.")
@click.option("-o", "--output", metavar="FILE|DIR",
              help="Where to write; into a folder one document for each endpoint. By default "
              "standard output.")  # fmt: skip
@click.option("--check", "only_check", is_flag=True,
              help="Write nothing; fail if what is there is stale.")  # fmt: skip
@click.option("--settings", metavar="FILE", help="Settings file to use instead of fql.toml.")
@click.pass_context
def export(
    ctx: click.Context,
    form: str,
    paths: tuple[str, ...],
    *,
    endpoint: str | None,
    closed: bool,
    output: str | None,
    only_check: bool,
    settings: str | None,
) -> None:
    """Describe what a plan sends, for those who receive it: OpenAPI 3.1 webhooks or JSON Schema.

    The same bytes for the same plan on every machine. From sources the bodies that `test` blocks
    send become examples, with sensitive values replaced.
    """
    if only_check and output is None:
        raise click.UsageError("--check needs -o FILE or -o DIR", ctx)
    plan, examples = _described(paths, settings)
    project = project_settings(paths, settings)
    options = Options(form, project.name, project.version, closed, examples)
    grouped = endpoints_of(plan, form)
    if endpoint is not None:
        grouped = {endpoint: grouped[_known(endpoint, list(grouped))]}
    if output is None:
        raw(whole([action for group in grouped.values() for action in group], plan, options))
        return
    target = Target(output, ENDINGS[form], complete=endpoint is None)
    if target.is_folder:
        files = by_endpoint(grouped, plan, options)
    else:
        actions = [action for group in grouped.values() for action in group]
        files = {"": whole(actions, plan, options)}
    if only_check:
        target.compare(files)
        return
    for path in target.write(files):
        say(f"wrote {path}")


def _described(
    paths: Sequence[str], settings: str | None
) -> tuple[Plan, Mapping[str, Sequence[Example]]]:
    """The plan, and what the tests of its sources send; a plan that is stored has no tests."""
    if len(paths) == 1 and paths[0].endswith(".json"):
        return plan_of(paths), {}
    checked = inputs(paths, settings).check()
    show_diagnostics(checked.diagnostics, checked.sources, "text", err=True)
    from fql.plan.stored.codec import read_plan
    from fqlc import pipeline
    from fqlc.checks.reading.declared.expectations import read_tests
    from fqlc.cli.exporting.examples import examples_of
    from fqlc.diagnostics.sink import Sink

    data = pipeline.plan_of(checked)
    if data is None:
        raise click.exceptions.Exit(1)
    plan = read_plan(data)
    return plan, examples_of(plan, read_tests(checked.program, Sink()))


def _known(endpoint: str, names: list[str]) -> str:
    if endpoint not in names:
        hint = did_you_mean(endpoint, names) or f"there are: {', '.join(names) or 'none'}"
        raise UsageError(f"there is no endpoint `{endpoint}` that is sent to", hint=hint)
    return endpoint
