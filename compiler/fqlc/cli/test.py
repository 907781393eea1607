"""`fqlc test`: run test blocks on a virtual clock, without a network."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.terminal.commands import format_option
from fql.terminal.lines import json_line, problem, prose, say
from fqlc.checks.reading.declared.expectations import read_tests
from fqlc.checks.reading.declared.model import TestModel
from fqlc.cli.inputs import inputs
from fqlc.cli.show import show_diagnostics
from fqlc.cli.testing import coverage as measured
from fqlc.cli.testing import report
from fqlc.cli.testing.judge import Verdict, judge
from fqlc.cli.testing.play import play
from fqlc.cli.testing.snapshots import (
    Bodies,
    read_snapshots,
    snapshot_file,
    stale,
    write_snapshots,
)
from fqlc.diagnostics.sink import Sink
from fqlc.pipeline import Checked, plan_of
from fqlc.project.errors import CommandError, SurroundingsError
from fqlc.source.text import SourceText


@click.command(epilog="\b\nExamples:\n  fqlc test\n  fqlc test --only CRM --junit report.xml .\n"
               "  fqlc test --coverage --fail-under 90")  # fmt: skip
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER]...")
@click.option("--only", metavar="TEXT", help="Only tests whose title contains it.")
@format_option()
@click.option(
    "--coverage", is_flag=True, help="Show which sub-conditions and edges the tests reach."
)
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT",
              help="Fail when the coverage is lower; implies --coverage.")  # fmt: skip
@click.option("--junit", metavar="FILE", help="Write a JUnit report too.")
@click.option("--update", is_flag=True, help="Keep the sent bodies in snapshots beside the tests.")
@click.option("--settings", metavar="FILE", help="Settings file to use instead of fql.toml.")
@click.pass_context
def test(
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    only: str | None,
    form: str,
    coverage: bool,
    fail_under: float | None,
    junit: str | None,
    update: bool,
    settings: str | None,
) -> None:
    """Run the test blocks of sources, on the engine's core with virtual time and no network.

    Exit code 1 when a test fails, there is no test, the coverage is too low, or a snapshot has no
    test. A snapshot file beside a source
    (`--update` writes it) holds the bodies that its tests send; later runs compare.
    """
    checked = inputs(paths, settings).check()
    show_diagnostics(checked.diagnostics, checked.sources, "text", err=True)
    data = plan_of(checked)
    if data is None:
        ctx.exit(1)
    plan = read_plan(data)
    tests = _tests(checked, only)
    if not tests:
        raise CommandError(
            f"there are no test blocks in {', '.join(paths) or 'this project'}",
            'write one as test "title" { ... }, see fqlc explain FQL381',
        )
    kept: Mapping[tuple[str, str], Bodies] = {}
    if not update:
        kept = read_snapshots(test.block.span.path for test in tests)
    verdicts = _play_and_judge(plan, tests, kept)
    if update:
        for file in write_snapshots((v.played for v in verdicts), keep=only is not None):
            say(f"wrote {file}")
    _show(verdicts, checked.sources, form)
    if junit is not None:
        _write_report(junit, report.junit(verdicts, checked.sources))
    failed = only is None and _says_stale(kept, [(t.block.span.path, t.title) for t in tests])
    if coverage or fail_under is not None:
        failed = _covered(plan, verdicts, form, fail_under) or failed
    ctx.exit(1 if failed or any(v.problems for v in verdicts) else 0)


def _tests(checked: Checked, only: str | None) -> list[TestModel]:
    tests = read_tests(checked.program, Sink())
    chosen = [test for test in tests if only is None or only in test.title]
    if only is not None and not chosen:
        raise CommandError(f"no test has {only!r} in its title", "see the titles with fqlc test")
    return chosen


def _play_and_judge(
    plan: Plan, tests: Sequence[TestModel], kept: Mapping[tuple[str, str], Bodies]
) -> list[Verdict]:
    """Play and judge all."""
    verdicts = []
    for test in tests:
        start = time.perf_counter()
        played = play(plan, test)
        seconds = time.perf_counter() - start
        verdicts.append(judge(played, kept.get((test.block.span.path, test.title)), seconds))
    return verdicts


def _says_stale(kept: Mapping[tuple[str, str], Bodies], titles: Sequence[tuple[str, str]]) -> bool:
    """Name the snapshots that compare with nothing, as after a test was renamed; True if any."""
    found = stale(kept, titles)
    for source, title in found:
        problem(
            "warning",
            f"{snapshot_file(source)} keeps bodies of {title!r}, but there is no such test",
            "run with --update after you have checked the others",
        )
    return bool(found)


def _show(verdicts: Sequence[Verdict], sources: Mapping[str, SourceText], form: str) -> None:
    for verdict in verdicts:
        if form == "json":
            json_line(report.as_json(verdict, sources))
            continue
        for line in report.text_lines(verdict, sources):
            prose(line)
    failed = sum(1 for verdict in verdicts if verdict.problems)
    say(f"{len(verdicts) - failed:,} passed, {failed:,} failed")


def _covered(plan: Plan, verdicts: Sequence[Verdict], form: str, least: float | None) -> bool:
    """Print the coverage; True when it is too low."""
    found = measured.measure(plan, (v.played for v in verdicts))
    if form == "json":
        json_line({"coverage": measured.as_json(found)})
    else:
        prose("")
        for line in measured.as_text(found):
            prose(line)
    share = measured.percent(found)
    if least is None or share >= least:
        return False
    say(f"the coverage is {share:.1f} %, less than {least:g} %")
    return True


def _write_report(path: str, data: bytes) -> None:
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise SurroundingsError(f"{path} cannot be written: {error.strerror}") from None
