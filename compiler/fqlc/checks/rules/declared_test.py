"""FQL381: `test` blocks whose names, rows or expectations cannot be."""

from __future__ import annotations

from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Check each test; reading them is imported with the first."""
    if program.project.tests:
        from fqlc.checks.reading.declared.expectations import read_tests

        read_tests(program, sink)
