"""`fqlc test`: run test blocks on a virtual clock, without a network."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.terminal.lines import json_line, notice, problem, prose, say
from fql.terminal.options import format_option, settings_option
from fqlc.checks.reading.declared.expectations import read_tests
from fqlc.checks.reading.declared.model import TestModel
from fqlc.cli.inputs import inputs
from fqlc.cli.shared.watching import Round, errors_in, watch_option
from fqlc.cli.shared.watching import watch as watched
from fqlc.cli.shared.writing import write_whole
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
from fqlc.project.errors import CommandError
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
@watch_option
@settings_option("settings")
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
    watch: bool,
    settings: str | None,
) -> None:
    """Run the test blocks of sources, on the engine's core with virtual time and no network.

    Exit code 1 when a test fails, there is no test, the coverage is too low, or a snapshot has no
    test. A snapshot file beside a source
    (`--update` writes it) holds the bodies that its tests send; later runs compare.
    """
    asked = Asked(
        paths=paths, settings=settings, only=only, form=form, junit=junit, update=update,
        coverage=coverage or fail_under is not None, least=fail_under,
    )  # fmt: skip
    if watch:
        watched(paths, settings, lambda: _once(asked, again=True))
    ctx.exit(1 if _once(asked).errors else 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run of the tests is to do."""

    paths: tuple[str, ...]
    settings: str | None
    only: str | None
    form: str
    coverage: bool
    least: float | None
    junit: str | None
    update: bool


def _once(asked: Asked, *, again: bool = False) -> Round:
    """Run the tests; what has failed counts as errors. Raises CommandError where there are none."""
    checked, files = inputs(asked.paths, asked.settings, again=again).check_all()
    files = (*files, *(str(snapshot_file(path)) for path in checked.sources))
    show_diagnostics(checked.diagnostics, checked.sources, "text", err=True)
    data = plan_of(checked)
    if data is None:
        return Round(len(checked.sources), errors_in(checked.diagnostics), files)
    return Round(len(checked.sources), _played(asked, checked, read_plan(data)), files)


def _played(asked: Asked, checked: Checked, plan: Plan) -> int:
    """Play, judge and show the tests; how many have failed, at least one where anything has."""
    tests = _tests(checked, asked)
    kept: Mapping[tuple[str, str], Bodies] = {}
    if not asked.update:
        kept = read_snapshots(test.block.span.path for test in tests)
    verdicts = _play_and_judge(plan, tests, kept)
    if asked.update:
        for file in write_snapshots((v.played for v in verdicts), keep=asked.only is not None):
            say(f"wrote {file}")
    _show(verdicts, checked.sources, asked.form)
    if asked.junit is not None:
        write_whole(asked.junit, report.junit(verdicts, checked.sources))
    titles = [(t.block.span.path, t.title) for t in tests]
    failed = asked.only is None and _says_stale(kept, titles)
    if asked.coverage:
        failed = _covered(plan, verdicts, asked.form, asked.least) or failed
    return max(sum(bool(v.problems) for v in verdicts), int(failed))


def _tests(checked: Checked, asked: Asked) -> list[TestModel]:
    tests, only = read_tests(checked.program, Sink()), asked.only
    chosen = [test for test in tests if only is None or only in test.title]
    if only is not None and not chosen:
        raise CommandError(f"no test has {only!r} in its title", "see the titles with fqlc test")
    if not chosen:
        raise CommandError(
            f"there are no test blocks in {', '.join(asked.paths) or 'this project'}",
            'write one as test "title" { ... }, see fqlc explain FQL381',
        )
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
    notice(f"the coverage is {share:.1f} %, less than {least:g} %")
    return True
