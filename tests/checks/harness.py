# ruff: noqa: E501 - sources in the language are shown as they are written
"""Sources with the expected reports written on the line that earns them.

`# error: FQL301 part of the message` or `# warning: ...` behind code; several are joined by `;;`.
A report that nobody expected fails as well.
"""

from __future__ import annotations

import re

from fqlc.checks.model import Surroundings
from fqlc.diagnostics.model import Diagnostic
from fqlc.pipeline import Checked, check_project

_EXPECTED = re.compile(r"#\s*((?:error|warning): .*)$")

SHOP = """
entity Order { id: ID @key  status: Status  total: Decimal  country: String  email: String @sensitive }
enum Status { pending, paid, shipped }
"""


def checked(text: str, surroundings: Surroundings | None = None) -> Checked:
    """Check one text."""
    return check_project(["case.fql"], {"case.fql": text.encode()}.get, surroundings)


def reports(text: str, surroundings: Surroundings | None = None) -> tuple[Diagnostic, ...]:
    """What is found in one text."""
    return checked(text, surroundings).diagnostics


def shop(observer: str) -> str:
    """A small program around the text of an observer's inside; the entity stands at its end, so
    that lines of the text count from 2."""
    return f"observer watch {{ on: Order.update\n{observer}\n}}\n{SHOP}"


def expect(text: str, surroundings: Surroundings | None = None) -> None:
    """Assert that exactly the marked reports are found, each on its line."""
    found = checked(text, surroundings)
    source = found.sources["case.fql"]
    got = [
        (source.position(d.span.start).line, f"{d.severity}: {d.code}", d.message)
        for d in found.diagnostics
    ]
    rest = list(got)
    for line, mark in _marks(text):
        kind, code, *words = mark.split(" ", 2)
        part = words[0] if words else ""
        hit = next(
            (g for g in rest if g[0] == line and g[1] == f"{kind} {code}" and part in g[2]), None
        )
        assert hit is not None, f"line {line}: nothing like {mark!r} among {got}"
        rest.remove(hit)
    assert not rest, f"not expected: {rest}"


def _marks(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _EXPECTED.search(line)
        if match:
            found.extend((number, mark.strip()) for mark in match[1].split(";;"))
    return found
