"""What a program says never steers the terminal or breaks the report of those who read it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from fql.errors import SettingsError
from fql.terminal.commands import report
from fql.terminal.harmless import harmless, harmless_json, harmless_styled
from fql.terminal.lines import json_line
from fql.terminal.words import one_line
from tests.cli_compiler.conftest import Command

SIGNS = "\x00\x1b\x07\x9b\u202e\u2066\u2028\u2029\u200b\ufeff\u061c"

PROGRAM = """\
entity Order { id: ID @key }
\"\"\"doc \u202e \u009b31m\"\"\"
observer o {
  on: Order.insert
  when: id != "\\u{1b}[2J\\u{9b}1A\\u{202e}\\u{2028}"
  webhook w { url: "https://a.example.com/", body: { id, x: "\\u{1b}]0;t\\u{7}\\u{202e}" } }
}
test "\\u{1b}[1A\\u{1b}[2Kok \\u{1}\\u{202e}\\u{fffe}" {
  observer: o, event: Order.insert, new: { id: "1" }, expect: { sent: [] }
}
"""


def steers(text: str) -> bool:
    """True where anything but our own colours would be obeyed."""
    return harmless_styled(text) != text


def test_what_steers_is_shown_as_an_escape() -> None:
    assert not steers(harmless(SIGNS))
    assert not steers(one_line(SIGNS))
    assert "\n" not in one_line("a\nb")
    assert harmless("a\tb\nä😀") == "a\tb\nä😀"
    assert harmless("\x9b\u202e") == "\\x9b\\u202e"


@pytest.mark.parametrize(
    "command", [("list",), ("explain",), ("explain", "--sql", "sqlite"), ("test",), ("check",)]
)
def test_no_command_of_the_compiler_obeys(
    fqlc: Command, shop: Path, command: tuple[str, ...]
) -> None:
    (shop / "shop.fql").write_text(PROGRAM)
    ran = fqlc(*command, "shop.fql")
    assert ran.code in {0, 1}
    assert not steers(ran.out)
    assert not steers(ran.err)


def test_a_report_for_ci_stays_well_formed(fqlc: Command, shop: Path) -> None:
    (shop / "shop.fql").write_text(PROGRAM)
    fqlc("test", "--junit", "report.xml", "shop.fql")
    case = Xml.parse(shop / "report.xml").getroot().find(".//testcase")
    assert case is not None
    assert case.attrib["name"].startswith("\\u001b[1A")


STEERING_NAME = "a%0A::error::x\n\x9b31m\u202e\u2028.fql"
FAULTY = 'observer o { on: "\\u{9b}\u202e\u2028\x9b" when: nope\u202e }\n'


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_names_and_messages_stay_within_their_report(fqlc: Command, shop: Path, form: str) -> None:
    """A file may be called anything, and its faulty texts come back in messages."""
    (shop / "shop.fql").unlink(missing_ok=True)
    (shop / STEERING_NAME).write_text(FAULTY)
    ran = fqlc("check", "--format", form, ".")
    assert ran.code == 1
    assert not steers(ran.out)
    assert not steers(ran.err)
    if form == "github":
        lines = ran.out.splitlines()
        assert all(line.startswith(("::error file=", "::warning file=")) for line in lines)
        assert all("a%250A%3A%3Aerror" in line for line in lines)


@pytest.mark.parametrize("command", [("fmt", "--check"), ("fmt", "--diff"), ("check",), ("list",)])
def test_errors_and_paths_do_not_steer(fqlc: Command, shop: Path, command: tuple[str, ...]) -> None:
    (shop / STEERING_NAME).write_text("entity   A { id: ID @key }\n")
    for path in (STEERING_NAME, f"missing-{STEERING_NAME}", "."):
        ran = fqlc(*command, path)
        assert not steers(ran.out), path
        assert not steers(ran.err), path


@pytest.mark.parametrize("form", ["dot", "mermaid", "json", "svg", "html"])
def test_a_drawing_obeys_nothing(fqlc: Command, shop: Path, form: str) -> None:
    (shop / "shop.fql").write_text(PROGRAM)
    assert not steers(fqlc("graph", "--format", form, "shop.fql").out)


def test_json_keeps_what_it_shows() -> None:
    text = json.dumps({"a": SIGNS}, ensure_ascii=False)
    assert not steers(harmless_json(text))
    assert json.loads(harmless_json(text)) == {"a": SIGNS}


def test_errors_of_the_runtime_do_not_steer(capsys: pytest.CaptureFixture[str]) -> None:
    report(SettingsError(SIGNS, hint=SIGNS))
    json_line({"a": SIGNS})
    said = capsys.readouterr()
    assert not steers(said.err)
    assert not steers(said.out)
