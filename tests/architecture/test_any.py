"""`Any` turns the type checker off wherever it goes, so each use of it has a reason, and a place.

A value of an unknown kind is an `object`. One that was read from a stored form is taken by the
functions of `fql.exact.kinds`, and one of a known shape has a model, a `TypedDict` or a `Protocol`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BY_CLASS = "a table by class: each function takes the values of its own class"
GENERATED = "functions that are generated as text have no type that a checker could know"
OPERANDS = "operands of one type, which the program was checked for, in arithmetic of any type"
LARK = "what Lark hands over and takes is not typed by it"
OTHERS = "connections of libraries that need not be installed, or have no types"
ROWS = "rows of a database, whose columns are named by the statement beside them"

USES: dict[str, tuple[int, str]] = {
    "fqlc/importing/postgresql/ddl.py": (1, "messages of a parser, whose classes it makes itself"),
    "fqlc/syntax/reading/attempt.py": (1, LARK),
    "fqlc/syntax/reading/build.py": (1, LARK),
    "fqlc/syntax/reading/tables.py": (13, LARK),
    "fqlc/types/constants/fold.py": (2, OPERANDS),
    "fqlc/types/truth/ranges.py": (3, OPERANDS),
    "fql/contrib/alembic.py": (8, OTHERS),
    "fql/contrib/django/apps.py": (1, OTHERS),
    "fql/contrib/django/comparing.py": (7, OTHERS),
    "fql/contrib/django/management/commands/fql.py": (2, OTHERS),
    "fql/contrib/within.py": (3, OTHERS),
    "fql/engine/process/arrivals/inbox.py": (1, "the loop below it makes sure of each part"),
    "fql/events/row_check.py": (2, GENERATED),
    "fql/events/restoring.py": (9, BY_CLASS),
    "fql/events/values.py": (1, BY_CLASS),
    "fql/exact/writing.py": (2, "the class of a value is compared, which narrows nothing: speed"),
    "fql/expressions/generate.py": (3, GENERATED),
    "fql/expressions/walker.py": (29, OPERANDS),
    "fql/intake/port.py": (1, "an envelope as others gave it: tests read it by index"),
    "fql/outbox/connections.py": (14, OTHERS),
    "fql/outbox/postgresql/connection.py": (2, ROWS),
    "fql/outbox/transaction.py": (2, OTHERS),
    "fql/plan/language/nodes.py": (13, BY_CLASS),
    "fql/plan/policies.py": (1, "fields are filled by name from values that have been verified"),
    "fql/plan/policy/table.py": (1, "defaults of keys: the kind of each is data of the same table"),
    "fql/plan/stored/schema.py": (1, "a JSON Schema"),
    "fql/settings/policies.py": (12, "models that pydantic makes of the table of policies"),
    "fql/store/postgresql/writing/commit.py": (4, ROWS),
    "fql/store/postgresql/wire/line.py": (2, ROWS),
    "fql/store/postgresql/reading/read.py": (3, ROWS),
    "fql/store/postgresql/tables/schema.py": (1, ROWS),
    "fql/store/postgresql/wire/values.py": (2, ROWS),
    "fql/store/sqlite/reading/read.py": (2, ROWS),
    "fql/testing/harness.py": (6, "tests of applications read what was sent by index"),
}
"""The files that may use it, how often at the most, and why."""


def uses(source: str) -> int:
    """How often a file names `Any`, its import aside."""
    return sum(
        isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(source))
    )


def test_any_is_used_where_the_list_says_and_no_more() -> None:
    found = {
        path.relative_to(ROOT / room).as_posix(): count
        for room in ("compiler", "runtime", "grammar")
        for path in (ROOT / room).rglob("*.py")
        if (count := uses(path.read_text(encoding="utf-8")))
    }
    assert {
        name: count for name, count in found.items() if count > USES.get(name, (0, ""))[0]
    } == {}
    assert set(USES) - set(found) == set(), "these need no entry any more"


@pytest.mark.parametrize(
    "planted", ["x: Any = 1", "def f(a: dict[str, Any]) -> None: ...", "A = Any"]
)
def test_a_planted_use_is_seen(planted: str) -> None:
    assert uses(f"from typing import Any\n{planted}\n") == 1
