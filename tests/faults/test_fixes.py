"""`check --fix` on every faulty program: what is safe is mended, and nothing else breaks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from fqlc.diagnostics.fixes import apply_fixes
from fqlc.diagnostics.model import Diagnostic
from fqlc.pipeline import check_project
from fqlc.source.text import SourceText
from fqlc.syntax.foreign.table import MEANT_TYPES
from tests.faults.corpus import MAIN, Fault, faults

ROUNDS = 4


def found(fault: Fault) -> tuple[Diagnostic, ...]:
    """What is reported about the program."""
    return check_project([MAIN], fault.bytes_of).diagnostics


def mended(fault: Fault) -> Fault:
    """The program after `check --fix`, which goes on while there is something to mend."""
    for _ in range(ROUNDS):
        sources = {path: SourceText(path, text) for path, text in fault.files.items()}
        texts, count = apply_fixes(found(fault), sources)
        if not count:
            return fault
        fault = replace(fault, files={**fault.files, **texts})
    pytest.fail(f"never done: {fault.files[MAIN]}")


def safe(reports: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """The reports that `check --fix` mends."""
    return [d for d in reports if d.fix is not None and d.fix.safe]


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_safe_fixes(fault: Fault) -> None:
    """Fewer reports than before, none of a new kind, nothing left that could be mended, and no
    name is guessed."""
    reports = found(fault)
    mendable = safe(reports)
    guesses_no_names(fault, mendable)
    if mendable:
        before = Counter(d.code for d in reports)
        after = Counter(d.code for d in found(mended(fault)))
        assert after.total() < before.total()
        assert not after - before


_ALIASES = {
    *MEANT_TYPES, "create", "created", "new", "old", "changed", "updated", "removed", "deleted",
    "yes", "no", "on", "off",
}  # fmt: skip


def guesses_no_names(fault: Fault, mendable: list[Diagnostic]) -> None:
    """Where a name is put in the place of a name, only the case differs, or it is an alias."""
    for d in mendable:
        assert d.fix is not None
        for edit in d.fix.edits if d.code >= "FQL200" else ():
            text = (fault.bytes_of(edit.span.path) or b"").decode()
            written = text[edit.span.start : edit.span.end]
            if written.isidentifier() and edit.text.isidentifier():
                same = written.lower() == edit.text.lower()
                assert same or written.lower() in _ALIASES, (written, edit.text)


@pytest.mark.parametrize(
    ("line", "mended_line"),
    [
        ("let limit: Int = 500", "let limit = 500"),
        ("let limit: 500", "let limit = 500"),
        ("let mut limit = 500", "let limit = 500"),
        ("entity A { s: VARCHAR(32) }", "entity A { s: String }"),
        ("entity A { s: [String!]! }", "entity A { s: [String] }"),
        ("observer o { when: s =~ /x/ }", 'observer o { when: s.matches("x") }'),
        ("observer o { when: s !== undefined }", "observer o { when: s != null }"),
        ("enum A { a = 1, b = 2 }", "enum A { a, b }"),
        ("export entity A { s: String }", "entity A { s: String }"),
    ],
)
def test_what_is_mended(line: str, mended_line: str) -> None:
    """Spellings of other languages become what they mean, and nothing else."""
    assert mended(Fault("", "", {MAIN: line})).files[MAIN] == mended_line


def test_many_programs_can_be_mended() -> None:
    """A tenth of the mistakes of newcomers have one safe correction; a similar name is none. Each
    fifth program is asked."""
    wrong = [fault for fault in faults() if fault.marks][::5]
    assert len([fault for fault in wrong if safe(found(fault))]) > len(wrong) / 10
