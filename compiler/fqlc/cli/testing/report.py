"""Verdicts for people, for programs and for CI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import click

from fqlc.cli.testing.judge import Verdict
from fqlc.source.text import SourceText


def place(verdict: Verdict, sources: Mapping[str, SourceText]) -> tuple[str, int]:
    """File and line of a test."""
    span = verdict.test.block.header
    return span.path, sources[span.path].position(span.start).line


def text_lines(verdict: Verdict, sources: Mapping[str, SourceText]) -> Iterator[str]:
    """One line for a pass; the problems and the story for a failure."""
    if not verdict.problems:
        yield f"{click.style('ok', fg='green')}    {verdict.test.title}"
        return
    file, line = place(verdict, sources)
    yield f"{click.style('FAIL', fg='red')}  {verdict.test.title}  ({file}:{line})"
    for problem in verdict.problems:
        yield f"      {problem}"
    for part in verdict.story:
        yield from (f"        {one}" for one in part.splitlines())


def as_json(verdict: Verdict, sources: Mapping[str, SourceText]) -> dict[str, object]:
    """For programs."""
    file, line = place(verdict, sources)
    played = verdict.played
    return {
        "test": verdict.test.title,
        "observer": verdict.test.observer,
        "file": file,
        "line": line,
        "passed": not verdict.problems,
        "problems": list(verdict.problems),
        "sent": list(played.sent),
        "skipped": list(played.in_state("skipped")),
        "dead": list(played.in_state("dead")),
    }


def junit(verdicts: Sequence[Verdict], sources: Mapping[str, SourceText]) -> bytes:
    """The verdicts as JUnit XML: a suite for each file, a case for each test."""
    from xml.etree import ElementTree as Xml

    files: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        files.setdefault(verdict.test.block.span.path, []).append(verdict)
    root = Xml.Element("testsuites", _counts("fqlc", verdicts))
    for file, inside in files.items():
        suite = Xml.SubElement(root, "testsuite", _counts(file, inside))
        for verdict in inside:
            path, line = place(verdict, sources)
            case = Xml.SubElement(
                suite, "testcase", classname=verdict.test.observer, name=_clean(verdict.test.title),
                file=_clean(path), line=str(line), time=f"{verdict.seconds:.3f}",
            )  # fmt: skip
            if verdict.problems:
                failure = Xml.SubElement(case, "failure", message=_clean(verdict.problems[0]))
                failure.text = _clean("\n".join([*verdict.problems, *verdict.story]))
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text: str) -> str:
    """With what XML cannot hold as escapes."""
    return _NOT_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _counts(name: str, verdicts: Sequence[Verdict]) -> dict[str, str]:
    return {
        "name": _clean(name),
        "tests": str(len(verdicts)),
        "failures": str(sum(1 for v in verdicts if v.problems)),
        "errors": "0",
        "time": f"{sum(v.seconds for v in verdicts):.3f}",
    }
