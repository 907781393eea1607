"""`check --fix` on every faulty program: what is safe is mended, and nothing else breaks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from fqlc.diagnostics.fixes import apply_fixes
from fqlc.diagnostics.model import Diagnostic
from fqlc.pipeline import check_project
from fqlc.source.text import SourceText
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


MENDABLE = [f for f in faults() if any(d.fix is not None and d.fix.safe for d in found(f))]


@pytest.mark.parametrize("fault", MENDABLE, ids=lambda fault: fault.name)
def test_safe_fixes(fault: Fault) -> None:
    """Fewer reports than before, none of a new kind, and nothing left that could be mended."""
    better = mended(fault)
    before = Counter(d.code for d in found(fault))
    after = Counter(d.code for d in found(better))
    assert after.total() < before.total()
    assert not after - before


def test_many_programs_can_be_mended() -> None:
    """A tenth of the mistakes of newcomers have one safe correction; a similar name is none."""
    assert len(MENDABLE) > len([fault for fault in faults() if fault.marks]) / 10
