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
        "breaking": False,
    }


def test_for_people_by_area_with_the_gravest_first(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "old.json", "shop.fql")
    text = (shop / "shop.fql").read_text()
    (shop / "shop.fql").write_text(text.replace("100", "200").replace("{ id, total }", "{ id }"))
    assert fqlc("diff", "old.json", "shop.fql").out.splitlines() == [
        "triggers",
        "  observer order_created: the condition is `total > 200`, previously `total > 100`",
        "payload",
        "  breaking: observer order_created, action warehouse: the body changed: gone `total`",
    ]


def test_cosmetics_do_not_fail_a_build(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "old.json", "shop.fql")
    (shop / "shop.fql").write_text("# words\n" + (shop / "shop.fql").read_text())
    done = fqlc("diff", "old.json", "shop.fql")
    assert (done.code, done.out.splitlines()[0]) == (0, "cosmetic")


def test_a_build_may_fail_for_what_breaks_alone(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "old.json", "shop.fql")
    text = (shop / "shop.fql").read_text()
    (shop / "shop.fql").write_text(text.replace("{ id, total }", "{ id, total, status }"))
    assert fqlc("diff", "old.json", "shop.fql").code == 1
    assert fqlc("diff", "--fail-on", "breaking", "old.json", "shop.fql").code == 0
    (shop / "shop.fql").write_text(text.replace("{ id, total }", "{ id }"))
    assert fqlc("diff", "--fail-on", "breaking", "old.json", "shop.fql").code == 1


def test_reports_for_reviews(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "old.json", "shop.fql")
    text = (shop / "shop.fql").read_text()
    (shop / "shop.fql").write_text(
        text.replace("{ id, total }", "{ id }").replace("> 100", "> 100 || total < 1")
    )
    assert fqlc("diff", "--format", "markdown", "old.json", "shop.fql").out.splitlines() == [
        "### 1 breaking change for receivers",
        "",
        "| | area | where | what |",
        "|---|---|---|---|",
        "| **breaking** | payload | observer order_created, action warehouse "
        "| the body changed: gone `total` |",
        "| | triggers | observer order_created | the condition is "
        "`total > 100 \\|\\| total < 1`, previously `total > 100` |",
    ]
    first, second = fqlc("diff", "--format", "github", "old.json", "shop.fql").out.splitlines()
    assert first.startswith("::warning title=triggers::observer order_created: the condition")
    assert second == (
        "::error title=breaking payload::observer order_created, action warehouse: "
        "the body changed: gone `total`"
    )
    assert "Nothing changed" in fqlc("diff", "--format", "markdown", "old.json", "old.json").out
