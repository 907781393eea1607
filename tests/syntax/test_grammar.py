"""The grammar has no conflicts, its tables are current, its tokens are all explained."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from fql_grammar import grammar_text, tables_text
from fql_grammar.tokens import OPERATORS, RESERVED, SIGNS, TOP_LEVEL, WORDS
from fqlc.syntax.reading.tables import build_parser, dump_tables, parser


def test_the_grammar_is_lalr_without_conflicts() -> None:
    """Strict: Lark raises on a conflict instead of choosing."""
    assert build_parser(strict=True).options.strict


def test_the_shipped_tables_are_made_from_this_grammar() -> None:
    """If this fails: python -m fqlc.syntax.reading.tables > tables.json"""
    assert json.loads(dump_tables()) == json.loads(tables_text())


def test_the_parser_comes_from_the_shipped_tables() -> None:
    assert parser().source_path == "<deserialized>"


def test_every_terminal_of_the_grammar_is_in_the_token_table() -> None:
    declared = set(re.findall(r"\b_?[A-Z]+\b", " ".join(
        line for line in grammar_text().splitlines() if line.startswith("%declare"))))  # fmt: skip
    assert declared == set(WORDS) - {"$END"}
    assert {*SIGNS.values(), *RESERVED.values(), *TOP_LEVEL.values()} <= declared
    assert all(SIGNS.get(sign, "OP") in ("OP", "MINUS") for sign in OPERATORS)


def test_the_version_does_not_import_lark() -> None:
    """Start-up stays short: only a command that parses loads the parser."""
    code = "import sys, fqlc, fqlc.diagnostics.model; print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
