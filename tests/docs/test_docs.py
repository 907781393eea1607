"""The documentation is true: programs compile, links lead somewhere, commands exist."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fqlc
from fql.store.sessions import BEGINNING, next_session
from tests.docs import api_page, function_table

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "SECURITY.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    ]
)
PROGRAM = re.compile(r"^```fql\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"\bfqlc ([a-z]+)\b")


def programs() -> list[tuple[str, str]]:
    """All `fql` programs of the documentation with a name for the report."""
    return [
        (f"{page.relative_to(ROOT)}#{n}", text)
        for page in PAGES
        if page.parent.name != "codes"  # their examples are run where the codes are tested
        for n, text in enumerate(PROGRAM.findall(page.read_text(encoding="utf-8")), 1)
    ]


@pytest.mark.parametrize(("name", "text"), programs(), ids=lambda value: str(value)[:60])
def test_programs_compile(name: str, text: str) -> None:
    """Each program shown compiles without an error."""
    compilation = fqlc.compile_text(text)
    assert compilation.plan is not None, (name, compilation.diagnostics)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file that exists."""
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_decision_records_are_numbered_once() -> None:
    """No two records share a number, and each title is `# NNNN · words` with its file's number."""
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(set(numbers)) == len(numbers) > 0, numbers
    for record, number in zip(records, numbers, strict=True):
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", record.name), record.name
        title = record.read_text(encoding="utf-8").split("\n", 1)[0]
        assert re.fullmatch(rf"# {number} · \S.*", title), f"{record.name}: {title}"


HELD = re.compile(r"`(?:(tests/[\w/]+(?:\.py)?))?(?:::([a-z]\w+))?(?:\[[^`]*)?`")
"""A test or a folder of tests, as decision records name them; `::name` is in the file before."""


def missing_tests(record: str) -> list[str]:
    """The files and tests that a record names and that are not there."""
    missing, file = [], ROOT
    for found in HELD.finditer(record):
        path, name = found.groups()
        file = ROOT / path if path else file
        if not file.exists() or (
            name and not re.search(rf"def {name}\b", file.read_text(encoding="utf-8"))
        ):
            missing.append(found.group())
    return missing


def test_decision_records_name_tests_that_exist() -> None:
    for record in sorted((ROOT / "docs/decisions").glob("*.md")):
        assert missing_tests(record.read_text(encoding="utf-8")) == [], record.name


def test_a_test_that_is_gone_is_missed() -> None:
    here = "`tests/docs/test_docs.py::test_commands_exist`, `::missing_tests`"
    assert missing_tests(here) == []
    gone = ["`::test_gone`", "`tests/gone.py`"]
    assert missing_tests(f"{here}, {gone[0]}, {gone[1]}") == gone


def test_commands_exist() -> None:
    """Each command named in the documentation is one of the program."""
    import click

    from fqlc.cli.main import fqlc as group

    known = set(group.list_commands(click.Context(group)))
    for page in PAGES:
        shown = set(COMMAND.findall(page.read_text(encoding="utf-8")))
        assert shown <= known | {"is", "and", "or", "itself", "finds", "plan"}, (
            page.name,
            shown - known,
        )


def test_table_of_functions_is_current() -> None:
    page = (ROOT / "docs/reference/language.md").read_text(encoding="utf-8")
    assert function_table.table() in page, "print it: `python -m tests.docs.function_table`"


def test_api_page_is_current() -> None:
    """Each public name of Python is on a page, with its arguments and what it does."""
    page = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    assert page == api_page.page(), "run `python -m tests.docs.api_page`"


@pytest.mark.parametrize("module", api_page.MODULES)
def test_each_public_name_says_what_it_is(module: str) -> None:
    found = importlib.import_module(module)
    for name in api_page.names_of(found):
        value = getattr(found, name)
        if inspect.isclass(value):
            silent = [
                member
                for member, inner in vars(value).items()
                if not member.startswith("_") and inspect.isfunction(inner) and not inner.__doc__
            ]
            assert silent == [], (name, silent)
        if callable(value):
            assert value.__doc__, name


def test_command_page_is_current() -> None:
    """The command reference says what the program's help says, in a process of its own: click
    keeps help options of whichever context asked first."""
    code = "import sys; from tests.docs.command_page import page; sys.stdout.write(page())"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert page == shown, "run `python -m tests.docs.command_page`"


def test_tutorial_shows_what_is_printed(tmp_path: Path) -> None:
    """The mistake of the tutorial gives the report that the tutorial shows."""
    from fqlc.cli.main import run

    page = (ROOT / "docs/tutorial/first-steps.md").read_text(encoding="utf-8")
    shown = re.findall(r"```text\n(error.*?)```", page, re.DOTALL)
    assert len(shown) == 1
    assert run(["init", str(tmp_path / "shop")]) == 0
    source = tmp_path / "shop/shop.fql"
    text = source.read_text(encoding="utf-8").replace("total > 1000", "totl > 1000")
    place = re.search(r"\[(FQL\d+)\].*?:(\d+):\d+", shown[0], re.DOTALL)
    assert place is not None
    lines = [
        text[: d.span.start].count("\n") + 1
        for d in fqlc.compile_text(text).diagnostics
        if d.code == place[1]
    ]
    assert lines == [int(place[2])]


ID = re.compile(r"\b(?:run|dlq|bat|evt)_([0-9a-f]{4,})(?:_[a-z]\w*)?\b")


def test_ids_in_examples_are_as_the_product_makes_them() -> None:
    """A run's id holds the second at which its engine started, counted from 2026."""
    rooms = ("docs", "examples", "runtime", "compiler")
    files = [ROOT / "README.md", *(f for r in rooms for f in (ROOT / r).rglob("*.*"))]
    shown = [
        (file.name, found[0])
        for file in files
        if file.suffix in {".md", ".py"}
        for found in ID.finditer(file.read_text(encoding="utf-8"))
        if not len(found[1]) >= 13 or not next_session(0, BEGINNING) < int(found[1], 16) >> 32
    ]
    assert shown == []
