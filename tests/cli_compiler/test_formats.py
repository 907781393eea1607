"""The formats of findings for other programs, and where they are written."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli_compiler.conftest import Command

SLIPS = """\
entity Parcel { id: ID @key  total: Decimal }
observer a { on: Parcel.insert  when: totl > 1  webhook w { url: "https://w.example.com" } }
observer b { on: Parcel.insert  when: totl > 1  webhook w { url: "https://w.example.com" } }
"""


@pytest.fixture
def slips(shop: Path) -> Path:
    file = shop / "slips.fql"
    file.write_text(SLIPS)
    return file


def test_concise_is_one_line_each(fqlc: Command, slips: Path) -> None:
    lines = fqlc("check", "--format", "concise", slips.name).out.splitlines()
    assert lines == [f"slips.fql:{line}:39: FQL201 `Parcel` has no field `totl`" for line in (2, 3)]


def test_gitlab_has_a_fingerprint_that_outlasts_a_moved_line(fqlc: Command, slips: Path) -> None:
    def fingerprints() -> list[str]:
        issues = json.loads(fqlc("check", "--format", "gitlab", slips.name).out)
        for issue in issues:
            assert issue.keys() >= {"description", "check_name", "fingerprint", "severity"}
            assert issue["location"]["path"] == "slips.fql"
            assert issue["location"]["lines"]["begin"] > 0
            assert issue["severity"] == "major"
        return [issue["fingerprint"] for issue in issues]

    before = fingerprints()
    assert len(set(before)) == 2
    slips.write_text("# moved\n" + SLIPS)
    assert fingerprints() == before
    assert json.loads(fqlc("check", "--format", "gitlab", "shop.fql").out) == []


@pytest.mark.usefixtures("slips")
def test_junit_is_a_report_of_failures(fqlc: Command) -> None:
    tree = ElementTree.fromstring(fqlc("check", "--format", "junit", ".").out)
    assert (tree.get("tests"), tree.get("failures")) == ("3", "2")
    by_file = {suite.get("name"): suite for suite in tree}
    assert by_file["shop.fql"].get("failures") == "0"
    failure = by_file["slips.fql"].find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "FQL201"


def test_what_a_source_holds_does_not_break_a_report(fqlc: Command, shop: Path) -> None:
    (shop / "odd.fql").write_text('let a = "<&\x01\ufffe]]>" + <&"\n')
    ElementTree.fromstring(fqlc("check", "--format", "junit", "odd.fql").out)
    json.loads(fqlc("check", "--format", "gitlab", "odd.fql").out)
    assert "\x01" not in fqlc("check", "--format", "concise", "odd.fql").out


def test_a_report_is_written_whole(fqlc: Command, shop: Path, slips: Path) -> None:
    done = fqlc("check", "--format", "gitlab", "--output-file", "report.json", slips.name)
    assert (done.code, done.out) == (1, "")
    assert "wrote report.json (2 findings)" in done.err
    assert len(json.loads((shop / "report.json").read_text())) == 2
    assert fqlc("check", "--output-file", "gone/report.txt", "shop.fql").code == 3
    assert sorted(p.name for p in shop.iterdir() if p.name.startswith(".fqlc-")) == []


def test_compile_has_the_formats_of_check(fqlc: Command, slips: Path) -> None:
    done = fqlc("compile", "--format", "concise", "-o", "plan.json", slips.name)
    assert (done.code, done.out.count("FQL201")) == (1, 2)
    beside = fqlc("compile", "--format", "concise", slips.name)
    assert beside.out == "", "the plan has standard output for itself"
    assert beside.err.count("FQL201") == 2


def test_github_is_chosen_for_compile_too(
    fqlc: Command, slips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert fqlc("compile", slips.name).err.startswith("::error ")


def test_findings_need_not_fail(fqlc: Command, shop: Path, slips: Path) -> None:
    assert fqlc("check", "--exit-zero", slips.name).code == 0
    (shop / "ugly.fql").write_text("entity   Cat { id:Int @key }\n")
    assert fqlc("fmt", "--check", "--exit-zero", "ugly.fql").code == 0
    fqlc("compile", "-o", "old.json", "shop.fql")
    (shop / "shop.fql").write_text((shop / "shop.fql").read_text().replace("100", "200"))
    assert fqlc("diff", "old.json", "shop.fql").code == 1
    assert fqlc("diff", "--exit-zero", "old.json", "shop.fql").code == 0
    assert fqlc("check", "--exit-zero", "gone.fql").code == 3
    assert fqlc("check", "--exit-zero", "--formt").code == 2
