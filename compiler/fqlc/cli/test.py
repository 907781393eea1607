"""`fqlc test`: run test blocks on a virtual clock, without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import orjson

from fql.errors import FqlError
from fql.plan.codec import read_plan
from fql.plan.model import Plan
from fql.testing.harness import Harness, HarnessResult
from fqlc.checks.tests import TestModel, read_tests
from fqlc.cli.errors import SurroundingsError
from fqlc.cli.files import inputs
from fqlc.cli.show import show_diagnostics
from fqlc.diagnostics.sink import Sink
from fqlc.pipeline import plan_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a test ended: `problems` say what was expected and what happened; none is a pass."""

    test: TestModel
    problems: tuple[str, ...]


@click.command(epilog="\b\nExamples:\n  fqlc test\n  fqlc test --only CRM --junit report.xml .")
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER]...")
@click.option("--only", metavar="TEXT", help="Only tests whose title contains it.")
@click.option("--junit", metavar="FILE", help="Write a JUnit report too.")
@click.option("--settings", metavar="FILE", help="Settings file instead of fql.toml.")
@click.pass_context
def test(
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    only: str | None,
    junit: str | None,
    settings: str | None,
) -> None:
    """Run the test blocks of sources. Exit code 1 when one fails."""
    checked = inputs(paths, settings).check()
    show_diagnostics(checked.diagnostics, checked.sources, "text", err=True)
    data = plan_of(checked)
    if data is None:
        ctx.exit(1)
    tests = [t for t in read_tests(checked.program, Sink()) if only is None or only in t.title]
    verdicts = [judge(read_plan(data), one) for one in tests]
    for verdict in verdicts:
        for line in _lines(verdict):
            click.echo(line)
    failed = sum(1 for verdict in verdicts if verdict.problems)
    click.echo(f"{len(verdicts) - failed} passed, {failed} failed", err=True)
    if junit is not None:
        _write(junit, report(verdicts))
    ctx.exit(1 if failed else 0)


def judge(plan: Plan, test: TestModel) -> Verdict:
    """Play a test and compare. Only its own observer counts: others may see the event too."""
    alone = plan.model_copy(
        update={"observers": tuple(o for o in plan.observers if o.name == test.observer)}
    )
    answers = {name: [_answer(a) for a in given] for name, given in test.respond.items() if given}
    harness = Harness(alone, answers=answers, environment=_origins(alone))
    event = f"{test.entity}.{test.event}"
    try:
        result = harness.emit(event, old=_json(test.old), new=_json(test.new)).run()
    except FqlError as error:
        return Verdict(test, (error.message,))
    skipped = _decided(alone, result)
    return Verdict(test, tuple(_problems(test.expect, result, skipped)))


def _decided(plan: Plan, result: HarnessResult) -> tuple[str, ...]:
    """The skipped actions, but for those that wait for a failure which did not happen: no
    condition of theirs was false, they were just not needed."""
    if result.dead:
        return result.skipped
    edges = [edge for observer in plan.observers for edge in observer.edges]
    ordinary: set[str | None] = {None}
    for _ in edges:
        ordinary |= {e.to for e in edges if e.kind != "failure" and e.source in ordinary}
    return tuple(name for name in result.skipped if name in ordinary)


def _origins(plan: Plan) -> dict[str, str]:
    """Values for the `${NAME}`s that urls begin with; nothing is ever sent there."""
    urls = [endpoint.url for endpoint in plan.endpoints]
    urls += [n.config.url for o in plan.observers for n in o.nodes if n.config.url is not None]
    first = [url["parts"][0] for url in urls if url.get("op") == "text" and url["parts"]]
    names = [
        part["environment"] for part in first if isinstance(part, dict) and "environment" in part
    ]
    return {name: f"https://{name.lower().replace('_', '-')}.test" for name in names}


def _answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: _json(value) for key, value in given.items()}


def _json(value: Any) -> Any:
    """Decimals as text: exact, and read back by the type of the field."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return [_json(item) for item in value] if isinstance(value, list) else value


def _problems(
    expect: Mapping[str, Any], result: HarnessResult, skipped: tuple[str, ...]
) -> Iterator[str]:
    for name, happened in (
        ("sent", result.sent),
        ("skipped", skipped),
        ("dead", result.dead),
    ):
        if name in expect and set(expect[name]) != set(happened):
            yield f"{name}: expected {_names(expect[name])}, got {_names(happened)}"
    for action, count in expect.get("attempts", {}).items():
        tries = len(result.requests(action))
        if tries != count:
            yield f"attempts of {action}: expected {count}, got {tries}"
    for action, body in expect.get("bodies", {}).items():
        yield from _body(action, body, result)


def _body(action: str, wanted: Any, result: HarnessResult) -> Iterator[str]:
    requests = result.requests(action)
    if not requests:
        yield f"body of {action}: nothing was sent"
        return
    sent = _decoded(requests[0].get("body"))
    if sent != _json(wanted):
        expected = orjson.dumps(_json(wanted)).decode()
        yield f"body of {action}: expected {expected}, got {orjson.dumps(sent).decode()}"


def _decoded(body: Any) -> Any:
    return orjson.loads(body) if isinstance(body, str | bytes) else body


def _names(names: Sequence[str]) -> str:
    return f"[{', '.join(sorted(names))}]"


def _lines(verdict: Verdict) -> Iterator[str]:
    word = click.style("FAIL", fg="red") if verdict.problems else click.style("ok", fg="green")
    yield f"{word}  {verdict.test.title}"
    for problem in verdict.problems:
        yield f"      {problem}"


def report(verdicts: Sequence[Verdict]) -> bytes:
    """The verdicts as JUnit XML."""
    from xml.etree import ElementTree as Xml

    failed = sum(1 for v in verdicts if v.problems)
    suite = Xml.Element("testsuite", name="fqlc", tests=str(len(verdicts)), failures=str(failed))
    for verdict in verdicts:
        case = Xml.SubElement(
            suite, "testcase", classname=verdict.test.observer, name=verdict.test.title
        )
        if verdict.problems:
            failure = Xml.SubElement(case, "failure", message=verdict.problems[0])
            failure.text = "\n".join(verdict.problems)
    return bytes(Xml.tostring(suite, encoding="utf-8", xml_declaration=True))


def _write(path: str, data: bytes) -> None:
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise SurroundingsError(f"{path} cannot be written: {error.strerror}") from None
