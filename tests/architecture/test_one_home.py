"""Ideas that had several homes have one: what marks a second home is written nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "runtime").rglob("*.py"), *(ROOT / "compiler").rglob("*.py")])
HOMES: dict[str, tuple[str, set[str]]] = {
    "what an unknown name was meant to be": (r"get_close_matches|did you mean", {"fql/near.py"}),
    "the version of this release": (r'"0\.1\.0"', {"fql/version.py"}),
    "switching the collector off": (r"\bgc\.(?:disable|freeze)\b", {"fqlc/source/collector.py"}),
    "taking urls apart": (r"\burl(?:split|parse)\b|\(https\?\)|https\?://\[", set()),
    "the file of a store's url": (r'"sqlite:///"', {"fql/settings/databases.py"}),
    "how the environment is named": (r"\\\$\\\{\(?\[", {"fql/plan/environment.py"}),
    "the defaults of policies": (r"\[?408, 429, 500", {"fql/plan/policy/table.py"}),
    "the growth of delays": (r"\.multiplier\b(?!\")", {"fql/plan/policies.py"}),
    "which level of a policy holds": (r"\.nearer_than_endpoint\b", {"fql/plan/policies.py"}),
    "the letters of states": (r"""(?:state|letter)\w* (?:==|!=|in) [({]?["'][a-zA-Z]["']""", set()),
    "the text of an origin": (r"""\.origin(?:\.\w+)? (?:==|!=|in) [({]?["']""", set()),
    "reading on after a fault": (
        r"import Failure, attempt",
        {
            f"fqlc/syntax/{place}.py"
            for place in ("parsing/parser", "faults/recover", "faults/mending")
        },
    ),
    "the types a field may have": (
        r'"DateTime",\s+"Date",\s+"Duration"',
        {"fql/plan/language/types.py"},
    ),
}
"""An idea, what its code cannot do without, and the files that may hold that."""


@pytest.mark.parametrize("idea", HOMES)
def test_an_idea_has_one_home(idea: str) -> None:
    mark, homes = HOMES[idea]
    found = {path.relative_to(ROOT).as_posix() for path in FILES if _code(path, mark)}
    assert {place.split("/", 1)[1] for place in found} == homes


def _code(path: Path, mark: str) -> bool:
    return re.search(mark, path.read_text(encoding="utf-8")) is not None
