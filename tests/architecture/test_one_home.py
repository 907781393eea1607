"""Ideas that had several homes have one: what marks a second home is written nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fql.plan.show import SIGNS
from fql_grammar.tokens import NEGATION_BINDING, NOT_BINDING, OPERATORS

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path for room in ("runtime", "compiler", "grammar") for path in (ROOT / room).rglob("*.py")
)
HOMES: dict[str, tuple[str, set[str]]] = {
    # Words, names and versions
    "what an unknown name was meant to be": (r"get_close_matches|did you mean", {"fql/near.py"}),
    "the version of this release": (r'"0\.1\.0"', {"fql/version.py"}),
    "the types a field may have": (
        r'"DateTime",\s+"Date",\s+"Duration"',
        {"fql/plan/language/types.py"},
    ),
    "the functions and filters of the language": (
        r'\("filter",\)',
        {"fql/plan/language/functions.py"},
    ),
    "what dead letters are chosen by": (r'"observer", "action", "class"', {"fql/letters.py"}),
    "the brackets and what closes them": (r'"\{": "\}"', {"fql_grammar/tokens.py"}),
    # Texts that are taken apart
    "taking urls apart": (
        r"\burl(?:split|parse)\b|\(https\?\)|https\?://\[",
        {"fql_grammar/tokens.py"},  # where one ends that lacks its quotes
    ),
    "the file of a store's url": (r'"sqlite:///"', {"fql/settings/databases.py"}),
    "how the environment is named": (r"\\\$\\\{\(?\[", {"fql/plan/environment.py"}),
    "how long units of time are": (
        r"86_?400_?000|\b24 \* 3_?600|\"m\": 60",
        {"fql/plan/language/units.py"},
    ),
    "the text of a duration": (
        r"def \w*(?:parse|show|spoken)\w*_duration",
        {"fql/plan/language/units.py"},
    ),
    # Policies
    "the defaults of policies": (r"\[?408, 429, 500", {"fql/plan/policy/table.py"}),
    "the growth of delays": (r"\.multiplier\b(?!\")", {"fql/plan/policies.py"}),
    "how a retry policy contradicts itself": (
        r"is in both|is below the first delay|is a success, which",
        {"fql/plan/contradictions.py"},
    ),
    "which level of a policy holds": (r"\.nearer_than_endpoint\b", {"fql/plan/policies.py"}),
    "the text of an origin": (r"""\.origin(?:\.\w+)? (?:==|!=|in) [({]?["']""", set()),
    # Work and its graph
    "the letters of states": (r"""(?:state|letter)\w* (?:==|!=|in) [({]?["'][a-zA-Z]["']""", set()),
    "the stored form of works": (
        r"def (?:de|en)code_(?:works|members)|read_\w+\([^)]*\bworks\)",
        {"fql/store/works.py"},
    ),
    "the ids that people see": (r'f"(?:run|bat|dlq|evt|inbox)_\{', {"fql/store/works.py"}),
    "whether a node of the graph may start": (
        r'"satisfied"|"void"',
        {"fql/engine/program/graph.py"},
    ),
    # Spellings of other languages
    "how a foreign spelling is reported": (
        r'"FQL104"|"a spelling from another',
        {"fqlc/syntax/reading/other_languages.py", "fqlc/diagnostics/pages/syntax_pages.py"},
    ),
    "what a foreign spelling means": (
        r"\bSpelling\(|\*words\(",
        {"fqlc/syntax/foreign/table.py", "fqlc/syntax/foreign/spelling.py"},
    ),
    "reading on after a fault": (
        r"import Failure, attempt",
        {
            f"fqlc/syntax/{place}.py"
            for place in ("parsing/parser", "faults/recover", "faults/mending")
        },
    ),
    # The process and its terminal
    "switching the collector off": (r"\bgc\.(?:disable|freeze)\b", {"fql/collector.py"}),
    "what commands write": (r"\bclick\.s?echo\(|\bprint\(\"", {"fql/terminal/lines.py"}),
    "the streams of the process": (
        r"\bsys\.std(?:out|err)\b",
        {
            "fql/terminal/lines.py",
            "fql/cli/running/logs.py",  # where the log goes
            "fql/cli/running/page.py",  # and what the page beside an engine prints
            "fqlc/lsp/wire.py",  # standard output belongs to the protocol
            "fqlc/incremental/pool.py",  # a child has no terminal
            "fqlc/__main__.py",  # an older Python can import nothing of ours
            "fql/plan/stored/schema.py",  # run by developers
            "fqlc/syntax/reading/tables.py",  # run by developers
        },
    ),
    "colour and width": (
        r"isatty\(|get_terminal_size\(|environ.*(?:NO_COLOR|\bTERM\b)",
        {"fql/terminal/lines.py"},
    ),
}
"""An idea, what its code cannot do without, and the files that may hold that."""


@pytest.mark.parametrize("idea", HOMES)
def test_an_idea_has_one_home(idea: str) -> None:
    mark, homes = HOMES[idea]
    found = {path.relative_to(ROOT).as_posix() for path in FILES if _code(path, mark)}
    assert {place.split("/", 1)[1] for place in found} == homes


def test_operators_are_shown_as_they_are_read() -> None:
    """The runtime shows expressions and knows no grammar, so it has a table of its own."""
    assert {o.plan_name: (sign, o.binding) for sign, o in OPERATORS.items()} | {
        "not": ("!", NOT_BINDING),
        "neg": ("-", NEGATION_BINDING),
    } == SIGNS


def _code(path: Path, mark: str) -> bool:
    return re.search(mark, path.read_text(encoding="utf-8")) is not None
