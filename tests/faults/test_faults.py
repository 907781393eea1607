"""Faulty programs of outsiders: the right code on the right line, one message for one cause."""

from __future__ import annotations

import pytest

from fqlc.pipeline import check_project
from tests.faults.corpus import MAIN, Fault, faults

ALL = faults()


def reported(fault: Fault) -> list[tuple[str, int, str, str, str]]:
    """Path, line, severity, code and message of each report about the program."""
    checked = check_project([MAIN], fault.bytes_of)
    return [
        (
            d.span.path,
            checked.sources[d.span.path].position(d.span.start).line,
            str(d.severity),
            d.code,
            d.message,
        )
        for d in checked.diagnostics
    ]


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_fault(fault: Fault) -> None:
    """Every marked report comes on its line, and nothing else does."""
    rest = reported(fault)
    for mark in fault.marks:
        hit = next((report for report in rest if mark.fits(*report)), None)
        assert hit is not None, f"not reported: {mark}; reported: {rest}"
        rest.remove(hit)
    assert not rest, f"reported besides: {rest}"


def test_names_of_programs_are_unique() -> None:
    """A report of this test names one program."""
    names = [fault.name for fault in ALL]
    assert len(set(names)) == len(names)


def test_operands_of_a_guessed_operator_are_not_judged() -> None:
    """`or` may mean `??`. It is not in the corpus, because its fix writes `||`, which does not
    fit then."""
    text = (
        'import "shop.fql"\nobserver o {\n  on: Order.update\n  webhook w { endpoint: shipping '
        'body: { id, n: tracking_number or "none" } }\n}\n'
    )
    assert [code for _, _, _, code, _ in reported(Fault("", "", {MAIN: text}))] == ["FQL104"]
