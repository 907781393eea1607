"""The page of promises names tests that exist."""

from __future__ import annotations

import re

import pytest

from tests.docs.test_docs import ROOT

PAGE = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([a-z_]+/(?:test_\w+\.py)?)(?:::\w+)?`", PAGE)) - {"tests/"})


@pytest.mark.parametrize("path", NAMED)
def test_what_holds_a_promise_is_there(path: str) -> None:
    assert (ROOT / "tests" / path).exists()


def test_each_promise_is_held() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "held by" not in line]
    assert len(rows) > 20
    assert all(re.search(r"`[a-z_]+/", row.split(" | ")[1]) for row in rows)
