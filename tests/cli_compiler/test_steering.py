"""What a program says never steers the terminal or breaks the report of those who read it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from fql.cli import output
from fql.plan.harmless import harmless, harmless_styled
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


def test_both_command_rooms_have_one_function() -> None:
    assert not steers(harmless(SIGNS))
    assert not steers(output.harmless(SIGNS))
    assert "\n" not in output.harmless("a\nb")
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
