"""Diagnostics as people and programs see them."""

from __future__ import annotations

import json
import re

import pytest

from fqlc.diagnostics.model import Diagnostic, Edit, Fix, Label, Severity
from fqlc.diagnostics.render import render
from fqlc.source.text import SourceText, Span

_TEXT = "entity Order {\n\ttotal: Decimal\n}\nobserver o {\n  when: totl > 1000\n}\n"
_OTHER = "let a = 1\n"
_SOURCES = {"a.fql": SourceText("a.fql", _TEXT), "b.fql": SourceText("b.fql", _OTHER)}


def _at(word: str, text: str = _TEXT, path: str = "a.fql") -> Span:
    start = text.index(word)
    return Span(path, start, start + len(word))


_FOUND = Diagnostic(
    "FQL201",
    "`Order` has no field `totl`",
    _at("totl"),
    label="unknown field",
    labels=(Label(_at("Order"), "declared here"), Label(_at("a", _OTHER, "b.fql"), "also here")),
    help=("did you mean `total`?",),
    fix=Fix((Edit(_at("totl"), "total"),)),
)


def test_the_text_shows_place_excerpt_labels_help_and_fix() -> None:
    assert render([_FOUND], _SOURCES) == (
        "error[FQL201]: `Order` has no field `totl`\n"
        " --> a.fql:5:9\n"
        "  |\n"
        "1 | entity Order {\n"
        "  |        ----- declared here\n"
        "...\n"
        "5 |   when: totl > 1000\n"
        "  |         ^^^^ unknown field\n"
        " ::: b.fql:1:5\n"
        "  |\n"
        "1 | let a = 1\n"
        "  |     - also here\n"
        "  = help: did you mean `total`?\n"
        "  = fix:\n"
        "5 -   when: totl > 1000\n"
        "  +   when: total > 1000\n"
        "\n"
        "1 error found; `fqlc check --fix` fixes 1; `fqlc explain FQL201` says more"
    )


def test_colour_adds_codes_only() -> None:
    plain, coloured = render([_FOUND], _SOURCES), render([_FOUND], _SOURCES, color=True)
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.parametrize(
    ("line", "word", "column"),
    [("\tx here", "here", 6), ("日本 here", "here", 5), ("e\u0301 here", "here", 2),
     ("\x1b[31m here", "here", 6)],
)  # fmt: skip
def test_the_mark_stands_below_what_it_means(line: str, word: str, column: int) -> None:
    """Tabs, wide, combining and control characters take their columns, and nothing is obeyed."""
    found = Diagnostic("FQL201", "m", _at(word, line))
    lines = render([found], {"a.fql": SourceText("a.fql", line)}).splitlines()
    assert lines[4] == "  | " + " " * column + "^" * len(word)
    assert "\x1b" not in lines[3]


def test_long_lines_are_cut_round_the_place() -> None:
    text = "x" * 5_000 + " here " + "y" * 5_000
    lines = render([Diagnostic("FQL201", "m", _at("here", text))],
                   {"a.fql": SourceText("a.fql", text)}, width=80).splitlines()  # fmt: skip
    assert len(lines[3]) <= 88
    assert lines[3].index("here") == lines[4].index("^")
    assert lines[3].count("…") == 2


def test_a_hundred_are_shown_and_the_rest_counted() -> None:
    found = [Diagnostic("FQL207", f"m{i}", Span("a.fql", i, i + 1), Severity.WARNING)
             for i in range(103)]  # fmt: skip
    text = render(found, {})
    assert text.count("warning[FQL207]") == 100
    assert "and 3 more" in text
    assert text.endswith("103 warnings found; `fqlc explain FQL207` says more")


def test_json_is_one_object_a_line_with_the_promised_keys() -> None:
    (line,) = render([_FOUND], _SOURCES, "json").splitlines()
    assert json.loads(line) == {
        "code": "FQL201", "severity": "error", "message": "`Order` has no field `totl`",
        "file": "a.fql", "line": 5, "column": 9, "end_line": 5, "end_column": 13,
        "labels": [
            {"file": "a.fql", "line": 1, "column": 8, "end_line": 1, "end_column": 13,
             "message": "declared here"},
            {"file": "b.fql", "line": 1, "column": 5, "end_line": 1, "end_column": 6,
             "message": "also here"},
        ],
        "help": ["did you mean `total`?"],
        "fix": {"safe": True, "edits": [
            {"file": "a.fql", "line": 5, "column": 9, "end_line": 5, "end_column": 13,
             "text": "total"}]},
    }  # fmt: skip


def test_github_commands_escape_what_the_runner_would_read() -> None:
    found = Diagnostic("FQL101", "a\n100%", Span("a,b.fql", 0, 0), help=("h",))
    assert render([found], {}, "github") == (
        "::error file=a%2Cb.fql,line=1,col=1,endLine=1,endColumn=1,title=FQL101"
        "::a%0A100%25%0Ahelp: h"
    )


def test_sarif_has_rules_results_and_fixes() -> None:
    document = json.loads(render([_FOUND], _SOURCES, "sarif"))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["FQL201"]
    (result,) = run["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 5, "startColumn": 9, "endLine": 5, "endColumn": 13}
    replaced = result["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replaced["insertedContent"] == {"text": "total"}
    assert len(result["relatedLocations"]) == 2


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_nothing_found_and_unknown_files(form: str) -> None:
    assert isinstance(render([], {}, form), str)
    assert "gone.fql" in render([Diagnostic("FQL110", "m", Span("gone.fql", 0, 9))], {}, form)
