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
        "what": "the condition is `total > 200`, previously `total > 100`",
    }


def test_for_people_by_area_with_the_gravest_first(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "old.json", "shop.fql")
    text = (shop / "shop.fql").read_text()
    (shop / "shop.fql").write_text(text.replace("100", "200").replace("{ id, total }", "{ id }"))
    assert fqlc("diff", "old.json", "shop.fql").out.splitlines() == [
        "triggers",
        "  observer order_created: the condition is `total > 200`, previously `total > 100`",
        "payload",
        "  observer order_created, action warehouse: the body changed: gone `total`",
    ]


def test_cosmetics_do_not_fail_a_build(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "old.json", "shop.fql")
    (shop / "shop.fql").write_text("# words\n" + (shop / "shop.fql").read_text())
    done = fqlc("diff", "old.json", "shop.fql")
    assert (done.code, done.out.splitlines()[0]) == (0, "cosmetic")
