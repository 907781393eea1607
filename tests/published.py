"""The one helper by which tests hold JSON output against its published schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from jsonschema import Draft202012Validator

from fql.published.schemas import schema_text

_FORMATS = {
    ("check",): "fql-check/1",
    ("list",): "fql-list/1",
    ("diff",): "fql-diff/1",
    ("test",): "fql-test/1",
    ("config",): "fql-config/1",
    ("explain", "--event"): "fql-explain-event/1",
    ("contract", "show"): "fql-contract/1",
    ("runs", "list"): "fql-runs/1",
    ("dlq", "list"): "fql-dead-letter/1",
    ("dlq", "show"): "fql-dead-letter/1",
}
"""The format that a command writes, by what its arguments have."""


@cache
def validator(name: str) -> Draft202012Validator:
    """What judges one line of a format."""
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def format_of(arguments: Sequence[str]) -> str | None:
    """The published format that a command line asks for, if it asks for one."""
    asked = list(arguments)
    if "json" not in [b for a, b in pairwise(asked) if a == "--format"]:
        return None
    found = (
        form
        for words, form in _FORMATS.items()
        if asked[0] == words[0] and set(words) <= set(asked)
    )
    return next(found, None)


def hold(arguments: Sequence[str], out: str) -> None:
    """Fail where a line of output is not what its schema says. What is not JSON at all is for the
    test that looks at it."""
    form = format_of(arguments)
    for line in out.splitlines() if form else ():
        assert_valid(str(form), json.loads(line))


def assert_valid(form: str, value: Any) -> None:
    """Fail where a value is not of a published format."""
    found = [f"{e.json_path}: {e.message}" for e in validator(form).iter_errors(value)]
    assert found == [], f"not {form}: {value!r:.500}"
