"""`fqlc diff` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli_compiler.conftest import Command


def test_diff_between_a_plan_and_sources(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "old.json", "shop.fql")
    assert fqlc("diff", "old.json", "shop.fql").code == 0
    file = shop / "shop.fql"
    file.write_text(file.read_text().replace("100", "200"))
    done = fqlc("diff", "old.json", "shop.fql", "--format", "json")
    assert done.code == 1
    assert json.loads(done.out) == {
        "area": "triggers",
        "where": "observer order_created",
        "what": "the condition is `total > 200`, before `total > 100`",
    }
