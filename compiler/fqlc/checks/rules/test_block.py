"""FQL381: `test` blocks whose names, rows or expectations cannot be."""

from __future__ import annotations

from fqlc.checks.model import Program
from fqlc.checks.tests import read_tests
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Check each test."""
    read_tests(program, sink)
