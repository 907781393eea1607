"""Faults planted in what is exported, and in what of a change breaks receivers."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

TYPED = "compiler/fqlc/exporting/typed.py"
FITTING = "compiler/fqlc/exporting/fitting.py"
BREAKING = "compiler/fqlc/exporting/breaking.py"
VALID = "tests/exporting/test_valid.py::test_what_the_tests_of_a_program_send_is_valid"
BREAKS = "tests/exporting/test_breaking.py::test_breaking"
FINE = "tests/exporting/test_breaking.py::test_not_breaking"

MUTANTS = (
    Mutant(
        "a Decimal is a number",
        "compiler/fqlc/exporting/schemas.py",
        '"Decimal": {"type": "string", "format": "decimal", "pattern": DECIMAL}',
        '"Decimal": {"type": "number"}',
        VALID,
    ),
    Mutant(
        "a Decimal is not negative",
        "compiler/fqlc/exporting/schemas.py",
        'DECIMAL = "^-?[0-9]+',
        'DECIMAL = "^[0-9]+',
        "tests/exporting/test_valid.py::test_decimals_are_texts_with_a_sign",
    ),
    Mutant(
        "null is not in the schema of `T?`",
        TYPED,
        "else nullable(typed(type_.required(), mode))",
        "else typed(type_.required(), mode)",
        BREAKS,
    ),
    Mutant(
        "an optional key is required",
        TYPED,
        "Property(entry.key, own, not may_lack)",
        "Property(entry.key, own, True)",
        BREAKS,
    ),
    Mutant(
        "a key that may be missing breaks nothing",
        FITTING,
        "            if each.required and not found.required:\n",
        "            if found.required and not each.required:\n",
        BREAKS,
    ),
)
